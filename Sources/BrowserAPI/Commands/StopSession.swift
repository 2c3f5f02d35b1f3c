/// `stop_session`: ends it; what is given is repeated in the `stop` event.
public struct StopSession: Sendable, Equatable {
    public var sessionID: String
    /// 0 to 9999, of the client's choice.
    public var code: Int?
    public var reason: String?

    public init(sessionID: String, code: Int? = nil, reason: String? = nil) {
        self.sessionID = sessionID
        self.code = code
        self.reason = reason
    }
}

extension StopSession {
    init(_ fields: Fields) throws(APIError) {
        self.init(
            sessionID: try fields.sessionID(), code: try fields.optionalInteger("code", in: 0...9_999),
            reason: try fields.optionalText("reason", bytes: 0...256))
    }
}

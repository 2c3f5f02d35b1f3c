public import ProxyCore

/// `update_session`: other options, or a new offer that renegotiates; at least one of them.
public struct UpdateSession: Sendable, Equatable {
    public var sessionID: String
    public var options: SessionOptionsChange
    public var offer: MediaDescriptionObject?

    public init(sessionID: String, options: SessionOptionsChange, offer: MediaDescriptionObject? = nil) {
        self.sessionID = sessionID
        self.options = options
        self.offer = offer
    }
}

extension UpdateSession {
    init(_ fields: Fields) throws(APIError) {
        self.init(
            sessionID: try fields.sessionID(), options: try SessionOptionsChange(fields),
            offer: try fields.optionalDescription("offer"))
        if options.isEmpty, offer == nil {
            throw APIError(.missingField, "one of `use_audio`, `use_video`, `bitrate`, `record`, `offer` is missing")
        }
    }
}

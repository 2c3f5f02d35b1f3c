/// `reject_call` and `hangup_call`: ends the call, or refuses it.
public struct EndCall: Sendable, Equatable {
    public var callID: String
    /// A SIP status (RFC 3261 section 21): 300 to 699 for a rejection, 200 to 699 for a hang-up.
    public var code: Int?
    /// For the other side's Reason header (RFC 3326) and event; no control characters.
    public var reason: String?

    public init(callID: String, code: Int? = nil, reason: String? = nil) {
        self.callID = callID
        self.code = code
        self.reason = reason
    }
}

extension EndCall {
    init(_ fields: Fields, codes: ClosedRange<Int>) throws(APIError) {
        self.init(
            callID: try fields.callID(), code: try fields.optionalInteger("code", in: codes),
            reason: try fields.optionalText("reason", bytes: 0...256))
    }
}

public import ProxyCore

/// `send_dtmf`: digits to the other side.
public struct SendDTMF: Sendable, Equatable {
    /// 1 to 64 of `0`-`9`, `A`-`D`, `*`, `#`.
    public var digits: String
    public var callID: String
    /// Length of each digit in milliseconds, 40 to 6,000.
    public var duration: Int?
    /// Which side sends, for a client that is at neither end of the call.
    public var side: SessionSide?

    public init(callID: String, digits: String, duration: Int? = nil, side: SessionSide? = nil) {
        self.callID = callID
        self.digits = digits
        self.duration = duration
        self.side = side
    }
}

extension SendDTMF {
    init(_ fields: Fields) throws(APIError) {
        let digits = try fields.text("digits", bytes: 1...64)
        guard digits.utf8.allSatisfy("0123456789ABCD*#".utf8.contains) else {
            throw APIError.invalid("digits", "of 0-9, A-D, * and #")
        }
        self.init(
            callID: try fields.callID(), digits: digits, duration: try fields.optionalInteger("duration", in: 40...6_000),
            side: try fields.optionalChoice("side"))
    }
}

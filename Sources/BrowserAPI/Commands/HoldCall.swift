public import ProxyCore

/// `hold_call` and `resume_call`.
public struct HoldCall: Sendable, Equatable {
    public var callID: String
    /// Which side holds, for a client that is at neither end of the call.
    public var side: SessionSide?

    public init(callID: String, side: SessionSide? = nil) {
        self.callID = callID
        self.side = side
    }
}

extension HoldCall {
    init(_ fields: Fields) throws(APIError) {
        self.init(callID: try fields.callID(), side: try fields.optionalChoice("side"))
    }
}

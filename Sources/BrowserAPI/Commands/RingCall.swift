/// `ring_call`: the called client rings, with early media where it sends an answer already.
public struct RingCall: Sendable, Equatable {
    public var callID: String
    public var answer: MediaDescriptionObject?

    public init(callID: String, answer: MediaDescriptionObject? = nil) {
        self.callID = callID
        self.answer = answer
    }
}

extension RingCall {
    init(_ fields: Fields) throws(APIError) {
        self.init(callID: try fields.callID(), answer: try fields.optionalDescription("answer"))
    }
}

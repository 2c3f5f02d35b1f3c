/// `answer_call`: takes the call.
public struct AnswerCall: Sendable, Equatable {
    public enum Description: Sendable, Equatable {
        case answer(MediaDescriptionObject)
        /// In place of the answer, when `call_invite` came without an offer (RFC 3261 section 13.2.1).
        case offer(MediaDescriptionObject)
    }

    public var callID: String
    public var description: Description

    public init(callID: String, description: Description) {
        self.callID = callID
        self.description = description
    }
}

extension AnswerCall {
    init(_ fields: Fields) throws(APIError) {
        let callID = try fields.callID()
        switch (try fields.optionalDescription("answer"), try fields.optionalDescription("offer")) {
        case (let answer?, nil): self.init(callID: callID, description: .answer(answer))
        case (nil, let offer?): self.init(callID: callID, description: .offer(offer))
        case (nil, nil): throw APIError.missing("answer")
        case (_?, _?): throw APIError(.invalidField, "`answer` and `offer` exclude each other")
        }
    }
}

/// `answer_session`: the called party's answer in, the answer for the caller back.
public struct AnswerSession: Sendable, Equatable {
    public var sessionID: String
    public var answer: MediaDescriptionObject

    public init(sessionID: String, answer: MediaDescriptionObject) {
        self.sessionID = sessionID
        self.answer = answer
    }
}

extension AnswerSession {
    init(_ fields: Fields) throws(APIError) {
        self.init(sessionID: try fields.sessionID(), answer: try MediaDescriptionObject(fields.object("answer")))
    }
}

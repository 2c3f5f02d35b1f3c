public import ProxyCore

/// `start_call`: calls a user, an extension, a SIP or tel URI, or `echo`.
public struct StartCall: Sendable, Equatable {
    /// What `dest` is to be taken for, when its form does not say.
    public enum Kind: String, Sendable, CaseIterable {
        case sip
        case user
    }

    /// What the call's media start from.
    public enum Source: Sendable, Equatable {
        case offer(MediaDescriptionObject)
        /// A proxy session that was started before.
        case session(String)
    }

    /// Who is called.
    public enum Target: Sendable, Equatable {
        case dest(String)
        /// The other party of a call of a gateway that is gone, by what that one has given to the client in a `recovery` event.
        case recovery(String)
    }

    public var target: Target
    public var type: Kind?
    public var source: Source
    public var options: SessionOptionsChange
    /// Whether the client gets the events of the call and its session without asking.
    public var subscribe: Bool

    public init(
        target: Target, type: Kind? = nil, source: Source, options: SessionOptionsChange = SessionOptionsChange(),
        subscribe: Bool = true
    ) {
        self.target = target
        self.type = type
        self.source = source
        self.options = options
        self.subscribe = subscribe
    }
}

extension StartCall {
    /// What is dialled; empty where a call is to go on.
    public var dest: String { if case .dest(let dest) = target { dest } else { "" } }

    init(_ fields: Fields) throws(APIError) {
        let offer = try fields.optionalDescription("offer")
        let session = try fields.optionalSessionID()
        let recovery = try fields.optionalText("recovery", bytes: 1...16_384)
        guard recovery == nil || session == nil else { throw APIError(.invalidField, "`recovery` and `session_id` exclude each other") }
        let target: Target
        switch (try fields.optionalText("dest", bytes: 1...1_024), recovery) {
        case (_?, _?): throw APIError(.invalidField, "`recovery` and `dest` exclude each other")
        case (nil, let token?): target = .recovery(token)
        case (_, nil): target = .dest(try fields.text("dest", bytes: 1...1_024))
        }
        let source: Source
        switch (offer, session) {
        case (let offer?, nil): source = .offer(offer)
        case (nil, let session?): source = .session(session)
        case (nil, nil): throw APIError(.missingField, "one of `offer`, `session_id` is missing")
        case (_?, _?): throw APIError(.invalidField, "`offer` and `session_id` exclude each other")
        }
        self.init(
            target: target, type: try fields.optionalChoice("type"), source: source,
            options: try SessionOptionsChange(fields), subscribe: try fields.optionalFlag("subscribe") ?? true)
    }
}

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

/// `transfer_call`: hands the other side over, to a destination or to the other side of a second call.
public struct TransferCall: Sendable, Equatable {
    public enum Target: Sendable, Equatable {
        case dest(String)
        /// The second call of an attended transfer.
        case call(String)
    }

    public var callID: String
    public var target: Target

    public init(callID: String, target: Target) {
        self.callID = callID
        self.target = target
    }
}

extension TransferCall {
    init(_ fields: Fields) throws(APIError) {
        let callID = try fields.callID()
        switch (try fields.optionalText("dest", bytes: 1...1_024), try fields.optionalCallID("other_call_id")) {
        case (let dest?, nil): self.init(callID: callID, target: .dest(dest))
        case (nil, let other?): self.init(callID: callID, target: .call(other))
        case (nil, nil): throw APIError(.missingField, "one of `dest`, `other_call_id` is missing")
        case (_?, _?): throw APIError(.invalidField, "`dest` and `other_call_id` exclude each other")
        }
    }
}

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

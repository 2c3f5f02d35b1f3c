public import ProxyCore

/// `start_session`: an offer in, an answer (echo) or an offer for the called party (proxy) back.
public struct StartSession: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case echo
        case proxy
    }

    public var type: Kind
    public var offer: MediaDescriptionObject
    public var options: SessionOptionsChange
    /// What the other side of a proxy session speaks.
    public var sdpType: SDPType
    /// Whether the client gets the session's events without asking.
    public var subscribe: Bool

    public init(
        type: Kind, offer: MediaDescriptionObject, options: SessionOptionsChange = SessionOptionsChange(),
        sdpType: SDPType = .webrtc, subscribe: Bool = true
    ) {
        self.type = type
        self.offer = offer
        self.options = options
        self.sdpType = sdpType
        self.subscribe = subscribe
    }
}

extension StartSession {
    init(_ fields: Fields) throws(APIError) {
        let kind: Kind = try fields.choice("type")
        if let backend = try fields.optionalText("backend", bytes: 1...64), !["nkmedia_janus", "janus"].contains(backend) {
            throw APIError(.unsupportedBackend, "`backend` must be \"nkmedia_janus\" or \"janus\"")
        }
        self.init(
            type: kind, offer: try MediaDescriptionObject(fields.object("offer")),
            options: try SessionOptionsChange(fields), sdpType: try fields.optionalChoice("sdp_type") ?? .webrtc,
            subscribe: try fields.optionalFlag("subscribe") ?? true)
    }
}

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

/// `set_candidate`: one more ICE candidate of the client, as `RTCIceCandidate` has it (RFC 8839 section 5.1).
public struct SetCandidate: Sendable, Equatable {
    public var sessionID: String
    /// Whose candidate it is, for a client that speaks for both sides.
    public var side: SessionSide?
    /// The `mid` of its medium; at least one of this and the index is there.
    public var sdpMid: String?
    /// The index of its medium, from 0.
    public var sdpMLineIndex: Int?
    /// The text, beginning with `candidate:`; 1 to 1,024 bytes.
    public var candidate: String

    public init(sessionID: String, side: SessionSide? = nil, sdpMid: String?, sdpMLineIndex: Int?, candidate: String) {
        self.sessionID = sessionID
        self.side = side
        self.sdpMid = sdpMid
        self.sdpMLineIndex = sdpMLineIndex
        self.candidate = candidate
    }
}

/// `set_candidate_end`: no more candidates come.
public struct SetCandidateEnd: Sendable, Equatable {
    public var sessionID: String
    /// Whose candidates they were, for a client that speaks for both sides.
    public var side: SessionSide?

    public init(sessionID: String, side: SessionSide? = nil) {
        self.sessionID = sessionID
        self.side = side
    }
}

extension SetCandidate {
    init(_ fields: Fields) throws(APIError) {
        self.init(
            sessionID: try fields.sessionID(), side: try fields.optionalChoice("side"),
            sdpMid: try fields.optionalText("sdpMid", bytes: 0...256),
            sdpMLineIndex: try fields.optionalInteger("sdpMLineIndex", in: 0...1_023),
            candidate: try fields.text("candidate", bytes: 0...1_024))
        if !candidate.isEmpty, sdpMid == nil, sdpMLineIndex == nil {
            throw APIError(.missingField, "one of `sdpMid`, `sdpMLineIndex` is missing")
        }
    }
}

extension SetCandidateEnd {
    init(_ fields: Fields) throws(APIError) {
        self.init(sessionID: try fields.sessionID(), side: try fields.optionalChoice("side"))
    }
}

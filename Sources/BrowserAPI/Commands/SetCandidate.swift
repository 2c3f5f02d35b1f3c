public import ProxyCore

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

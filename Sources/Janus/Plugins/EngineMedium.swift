internal import JSON

/// One medium of a leg: its directions and payload types, and for a plain leg the phone's addresses, keys and RTCP feedback.
public struct EngineMedium: Sendable, Equatable {
    /// RTCP feedback that the phone takes (RFC 4585, RFC 5104).
    public enum Feedback: String, Sendable, CaseIterable { case nack, pli, fir }

    public var kind: JanusMediaKind
    /// Index of the media line in the PeerConnection's SDP; a plain leg ignores it.
    public var mindex: Int
    /// Whether what the leg's party sends reaches the peer. Otherwise Tern still reads, counts and decrypts it.
    public var receive: Bool
    /// Whether what the peer passes on is sent to the leg's party.
    public var send: Bool
    public var payloads: [EnginePayload]
    /// Where the phone takes RTP and RTCP; `nil` while that is not known.
    public var remote: EngineRemote?
    /// Suite and keys of SRTP on a plain leg; `nil` for plain RTP.
    public var srtp: EngineSRTP?
    /// What the phone takes; a leg of a browser ignores it.
    public var feedback: [Feedback]

    public init(
        _ kind: JanusMediaKind, mindex: Int = 0, receive: Bool = true, send: Bool = true, payloads: [EnginePayload],
        remote: EngineRemote? = nil, srtp: EngineSRTP? = nil, feedback: [Feedback] = []
    ) {
        self.kind = kind
        self.mindex = mindex
        self.receive = receive
        self.send = send
        self.payloads = payloads
        self.remote = remote
        self.srtp = srtp
        self.feedback = feedback
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "kind": .string(kind.rawValue), "mindex": .integer(mindex), "receive": .bool(receive), "send": .bool(send),
            "payloads": .array(payloads.map(\.json)), "feedback": .array(feedback.map { .string($0.rawValue) }),
        ]
        if let remote { members["remote"] = remote.json }
        if let srtp { members["srtp"] = srtp.json }
        return .object(members)
    }
}

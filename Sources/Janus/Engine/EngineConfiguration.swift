internal import JSON

/// All that a leg is to be: each ``EngineLeg/configure(_:)`` replaces what the one before said.
public struct EngineConfiguration: Sendable, Equatable {
    /// Whether a plain leg follows a phone whose packets come from elsewhere than the signalled address.
    public enum Latching: String, Sendable, CaseIterable { case auto, off }

    /// The leg that receives what this leg's party sends: another leg, or this one for an echo. `nil` for none.
    public var peer: EngineLegID?
    /// At most one of each kind. A kind that is missing is closed to traffic both ways.
    public var media: [EngineMedium]
    /// Most that a browser may send, in bit/s (REMB); 0 is no limit.
    public var bitrate: Int
    /// Absolute base path of the capture of what the leg's party sends: Janus adds `-audio.mjr` and `-video.mjr`. `nil` captures nothing.
    public var record: String?
    public var latching: Latching
    /// Whether its audio is measured for a line test.
    public var isTested: Bool

    public init(
        peer: EngineLegID? = nil, media: [EngineMedium] = [], bitrate: Int = 0, record: String? = nil, latching: Latching = .auto,
        isTested: Bool = false
    ) {
        self.peer = peer
        self.media = media
        self.bitrate = bitrate
        self.record = record
        self.latching = latching
        self.isTested = isTested
    }

    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "peer": peer.map { .integer($0.value) } ?? .null, "media": .array(media.map(\.json)), "bitrate": .integer(bitrate),
            "record": record.map { .string($0) } ?? .null, "latching": .string(latching.rawValue),
        ]
        if isTested { members["test"] = true }
        return members
    }
}

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

/// A payload type of a medium and its codec.
public struct EnginePayload: Sendable, Equatable {
    /// RTP payload type, 0 to 127.
    public var type: Int
    /// Name in lower case: `opus`, `g722`, `pcmu`, `pcma`, `telephone-event`, `vp8`, `h264`.
    public var codec: String
    /// Clock rate of the timestamps in Hz.
    public var clock: Int
    /// Value of the payload type's `a=fmtp`.
    public var fmtp: String?

    public init(_ type: Int, _ codec: String, clock: Int, fmtp: String? = nil) {
        self.type = type
        self.codec = codec
        self.clock = clock
        self.fmtp = fmtp
    }

    var json: JSONValue {
        var members: [String: JSONValue] = ["type": .integer(type), "codec": .string(codec), "clock": .integer(clock)]
        if let fmtp { members["fmtp"] = .string(fmtp) }
        return .object(members)
    }
}

/// Where a phone takes RTP and RTCP of one medium, as its SDP says.
public struct EngineRemote: Sendable, Equatable {
    /// IPv4 or IPv6 address.
    public var address: String
    /// UDP port of RTP; 0 while it is not known.
    public var port: Int
    /// UDP port of RTCP (RFC 3605); 0 when the phone takes none.
    public var rtcpPort: Int
    /// Whether RTCP shares the port of RTP (RFC 5761).
    public var rtcpMux: Bool
    /// Whether SIP shows that the phone is behind NAT, so that its media may come from elsewhere at once.
    public var hidden: Bool

    public init(address: String, port: Int, rtcpPort: Int, rtcpMux: Bool = false, hidden: Bool = false) {
        self.address = address
        self.port = port
        self.rtcpPort = rtcpPort
        self.rtcpMux = rtcpMux
        self.hidden = hidden
    }

    var json: JSONValue {
        [
            "address": .string(address), "port": .integer(port), "rtcp_port": .integer(rtcpPort), "rtcp_mux": .bool(rtcpMux),
            "hidden": .bool(hidden),
        ]
    }
}

/// SRTP of one medium of a plain leg, with keys from SDES (RFC 4568).
///
/// A changed key takes effect at once; an unchanged one keeps its packet counters.
public struct EngineSRTP: Sendable, Equatable {
    /// A crypto suite (RFC 4568 section 6.2, RFC 6188 section 3, RFC 7714 section 12).
    public enum Suite: String, Sendable, CaseIterable {
        case aes128SHA80 = "AES_CM_128_HMAC_SHA1_80"
        case aes128SHA32 = "AES_CM_128_HMAC_SHA1_32"
        case aes256SHA80 = "AES_256_CM_HMAC_SHA1_80"
        case aes256SHA32 = "AES_256_CM_HMAC_SHA1_32"
        case aes128GCM = "AEAD_AES_128_GCM"
        case aes256GCM = "AEAD_AES_256_GCM"

        /// Bytes of master key and salt together.
        public var keyLength: Int {
            switch self {
            case .aes128SHA80, .aes128SHA32: 30
            case .aes256SHA80, .aes256SHA32: 46
            case .aes128GCM: 28
            case .aes256GCM: 44
            }
        }
    }

    public var suite: Suite
    /// Master key and salt of what is sent to the phone, in base64.
    public var local: String
    /// Master key and salt of what the phone sends, in base64.
    public var remote: String

    public init(_ suite: Suite, local: String, remote: String) {
        self.suite = suite
        self.local = local
        self.remote = remote
    }

    var json: JSONValue { ["suite": .string(suite.rawValue), "local": .string(local), "remote": .string(remote)] }
}

/// A plain leg's id, and its ports and SRTP keys, as ``EngineLeg/open(_:at:ports:)`` returns them: of all media that are open.
public struct EnginePorts: Sendable, Equatable, EngineReply {
    /// The port of one medium, and key material for SRTP towards the phone.
    public struct Medium: Sendable, Equatable {
        /// UDP port for RTP, which is even; RTCP has the next.
        public var port: Int
        /// 46 random bytes in base64: master key and salt of the longest suite (RFC 6188), whose first bytes serve the others. They are the same for the
        /// leg's whole life.
        public var key: String

        public init(port: Int, key: String) {
            self.port = port
            self.key = key
        }
    }

    public var leg: EngineLegID
    public var audio: Medium?
    public var video: Medium?

    public init(leg: EngineLegID, audio: Medium? = nil, video: Medium? = nil) {
        self.leg = leg
        self.audio = audio
        self.video = video
    }

    public subscript(kind: JanusMediaKind) -> Medium? {
        switch kind {
        case .audio: audio
        case .video: video
        }
    }

    init?(_ data: JSONValue) {
        guard let leg = EngineLegID(data) else { return nil }
        self.init(leg: leg, audio: Medium(data["audio"]), video: Medium(data["video"]))
    }
}

extension EnginePorts.Medium {
    fileprivate init?(_ json: JSONValue?) {
        guard let port = json?["port"]?.intValue, (1...65_535).contains(port), let key = json?["key"]?.stringValue else { return nil }
        self.init(port: port, key: key)
    }
}

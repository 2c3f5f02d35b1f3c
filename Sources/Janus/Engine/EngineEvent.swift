public import JSON
public import SIPNames

/// What the plugin says on a leg's handle unasked: the content of a ``JanusHandleEvent/plugin(_:_:)``.
public enum EngineEvent: Sendable, Equatable {
    /// The leg's party pressed a DTMF digit (RFC 4733), once for each press.
    case digit(JanusMediaKind, Character, duration: Duration)
    /// The leg's party, which is under a line test, sent a DTMF digit as tones in its audio.
    case toneDigit(JanusMediaKind, Character, duration: Duration)
    /// A phone's packets come from elsewhere than signalled, or have moved from `former`.
    case latched(JanusMediaKind, SocketAddress, former: SocketAddress?)
    /// RTP of a phone arrives, again or for the first time.
    case flowing(JanusMediaKind)
    /// RTP of a phone has ceased for about a second.
    case silent(JanusMediaKind)
    /// The port at which a phone wants its RTP has been closed for two seconds, as ICMP says, and no RTP comes from it.
    case unreachable(JanusMediaKind)
    /// The peer needs a keyframe of this leg's phone, which takes no RTCP feedback for it.
    case keyframeWanted
    /// Something failed, as `recording`.
    case error(what: String, reason: String)

    /// The name that the engine gives it.
    public var name: String {
        switch self {
        case .digit: "digit"
        case .toneDigit: "tone_digit"
        case .latched: "latched"
        case .flowing: "flowing"
        case .silent: "silent"
        case .unreachable: "unreachable"
        case .keyframeWanted: "keyframe_wanted"
        case .error: "error"
        }
    }

    /// `nil` when it is none of these, or lacks what belongs to it.
    public init?(_ data: JSONValue) {
        guard data["tern"]?.stringValue == "event", let name = data["event"]?.stringValue else { return nil }
        let kind = data["kind"]?.stringValue.flatMap(JanusMediaKind.init)
        switch (name, kind) {
        case ("digit", let kind?), ("tone_digit", let kind?):
            guard let text = data["digit"]?.stringValue, let digit = text.first, text.count == 1 else { return nil }
            let duration = Duration.milliseconds(data["duration"]?.intValue ?? 0)
            self = name == "digit" ? .digit(kind, digit, duration: duration) : .toneDigit(kind, digit, duration: duration)
        case ("latched", let kind?):
            guard let address = SocketAddress(data) else { return nil }
            self = .latched(kind, address, former: SocketAddress(data["former"]))
        case ("flowing", let kind?): self = .flowing(kind)
        case ("silent", let kind?): self = .silent(kind)
        case ("unreachable", let kind?): self = .unreachable(kind)
        case ("keyframe_wanted", _): self = .keyframeWanted
        case ("error", _): self = .error(what: data["what"]?.stringValue ?? "", reason: data["reason"]?.stringValue ?? "")
        default: return nil
        }
    }
}

extension SocketAddress {
    /// The source of a phone's packets, as the engine writes it; nil when `address` or `port` is missing, or is none.
    init?(_ json: JSONValue?) {
        guard let address = json?["address"]?.stringValue, let port = json?["port"]?.intValue else { return nil }
        self.init(address: address, port: port)
    }
}

/// The counters of a leg, from its beginning.
public struct EngineStatistics: Sendable, Equatable, EngineReply {
    /// RTP in one direction of a medium.
    public struct Flow: Sendable, Equatable {
        public var packets = 0
        /// RTP headers included.
        public var bytes = 0
        /// Packets (RFC 3550 section 6.4.1); nil while it is not known.
        public var lost: Int?
        /// In milliseconds; nil while it is not known.
        public var jitter: Int?
        /// Packets with a lower sequence number than one before them.
        public var misordered = 0
        /// How often the stream began anew: another SSRC, or a jump of the sequence numbers.
        public var restarts = 0
        public var ssrc: UInt32?
        /// Round trip of RTCP in milliseconds (RFC 3550 section 6.4.1), for what is sent; nil while it is not known.
        public var roundTrip: Int?

        public init() {}
    }

    public struct Medium: Sendable, Equatable {
        /// What the leg's party sends.
        public var received = Flow()
        /// What is sent to the leg's party; `lost`, `jitter` and `roundTrip` as its RTCP reports them.
        public var sent = Flow()
        /// DTMF digits of the leg's party.
        public var digits = 0
        /// RTCP packets of the leg's party.
        public var rtcpReceived = 0
        /// Packets of others than the phone, or from before latching.
        public var dropped = 0
        /// Packets that SRTP rejected.
        public var srtpErrors = 0
        /// Where the phone's packets come from.
        public var latched: SocketAddress?
        /// Time since the last packet of RTP or RTCP; nil before the first.
        public var lastPacket: Duration?
        /// What a line test has measured; nil where the leg is under none.
        public var test: EngineLineTest?

        public init() {}
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
        self.init(leg: leg, audio: data["audio"].flatMap(Medium.init), video: data["video"].flatMap(Medium.init))
    }
}

extension EngineStatistics.Medium {
    fileprivate init?(_ json: JSONValue) {
        guard json.objectValue != nil else { return nil }
        received = EngineStatistics.Flow(json["received"])
        sent = EngineStatistics.Flow(json["sent"])
        digits = json["digits"]?.intValue ?? 0
        rtcpReceived = json["rtcp_received"]?.intValue ?? 0
        dropped = json["dropped"]?.intValue ?? 0
        srtpErrors = json["srtp_errors"]?.intValue ?? 0
        latched = SocketAddress(json["latched"])
        lastPacket = json["last_packet_ms"]?.intValue.map { .milliseconds($0) }
        test = EngineLineTest(json["test"])
    }
}

extension EngineStatistics.Flow {
    fileprivate init(_ json: JSONValue?) {
        packets = json?["packets"]?.intValue ?? 0
        bytes = json?["bytes"]?.intValue ?? 0
        lost = json?["lost"]?.intValue
        jitter = json?["jitter"]?.intValue
        misordered = json?["misordered"]?.intValue ?? 0
        restarts = json?["restarts"]?.intValue ?? 0
        ssrc = json?["ssrc"]?.intValue.flatMap { UInt32(exactly: $0) }
        roundTrip = json?["round_trip"]?.intValue
    }
}

public import JSON

/// What Janus has counted of one kind of media on a handle's PeerConnection.
public struct MediumStatistics: Sendable, Equatable {
    /// RTP in one direction.
    public struct Flow: Sendable, Equatable {
        public var packets: Int
        /// RTP headers included.
        public var bytes: Int
        /// Packets, as RTCP has them (RFC 3550 section 6.4.1); nil before it has said anything.
        public var lost: Int?
        /// In milliseconds; nil like `lost`.
        public var jitter: Int?

        public init(packets: Int, bytes: Int, lost: Int? = nil, jitter: Int? = nil) {
            self.packets = packets
            self.bytes = bytes
            self.lost = lost
            self.jitter = jitter
        }
    }

    /// From the peer to Janus.
    public var received: Flow
    /// From Janus to the peer; what was lost of it is the peer's word.
    public var sent: Flow

    public init(received: Flow, sent: Flow) {
        self.received = received
        self.sent = sent
    }

    /// By kind, `audio` and `video`, from what `handle_info` gives. Of several media of a kind the one that carried most.
    public static func all(inHandleInfo info: JSONValue) -> [String: MediumStatistics] {
        let media = info["webrtc"]?["media"]?.objectValue ?? [:]
        let found = media.values.compactMap { medium in
            medium["type"]?.stringValue.flatMap { kind in MediumStatistics(medium).map { (kind, $0) } }
        }
        return Dictionary(found) { $0.packets < $1.packets ? $1 : $0 }
    }

    private var packets: Int { max(received.packets, sent.packets) }

    private init?(_ medium: JSONValue) {
        guard let stats = medium["stats"], let received = stats["in"], let sent = stats["out"] else { return nil }
        let rtcp = medium["rtcp"]?["main"]
        self.init(
            received: Flow(received, lost: rtcp?["lost"], jitter: rtcp?["jitter-local"]),
            sent: Flow(sent, lost: rtcp?["lost-by-remote"], jitter: rtcp?["jitter-remote"]))
    }
}

extension MediumStatistics.Flow {
    fileprivate init(_ counters: JSONValue, lost: JSONValue?, jitter: JSONValue?) {
        self.init(
            packets: counters["packets"]?.intValue ?? 0, bytes: counters["bytes"]?.intValue ?? 0, lost: lost?.intValue,
            jitter: jitter?.intValue)
    }
}

/// What a line test has measured of the RTP of one direction. What was not measured is nil.
public struct StreamFigures: Equatable, Sendable {
    /// A payload type that was seen.
    public struct PayloadType: Equatable, Sendable {
        public var type: UInt8
        public var packets: UInt64
        /// Whether SDP has it.
        public var isAgreed: Bool

        public init(type: UInt8, packets: UInt64, isAgreed: Bool) {
            self.type = type
            self.packets = packets
            self.isAgreed = isAgreed
        }
    }

    /// Packets that came, duplicates included.
    public var packets: UInt64 = 0
    /// Packets that were sent, as their numbers tell.
    public var expected: UInt64 = 0
    /// Packets that never came.
    public var lost: UInt64 = 0
    /// Packets that came more than 60 ms behind the least delay: a receiver with such a jitter buffer discards them.
    public var late: UInt64 = 0
    public var duplicates: UInt64 = 0
    /// RFC 4737 section 3.3.
    public var reordered: UInt64 = 0
    /// Bursts of losses (RFC 3611 section 4.7.2, Gmin 16), their packets, and how many of these were lost or late.
    public var bursts: UInt64 = 0
    public var burstPackets: UInt64 = 0
    public var burstLosses: UInt64 = 0
    /// How many of ``burstLosses`` were late.
    public var burstLate: UInt64 = 0
    /// Packets of the longest burst.
    public var longestBurst: UInt64 = 0
    /// BurstR of ITU-T G.107: 1 for random losses.
    public var burstRatio: Double?
    /// Jitter (RFC 3550 section 6.4.1): mean, 95th percentile and maximum of its values after each packet. Milliseconds.
    public var jitterMean: Double?
    public var jitter95: Double?
    public var jitterMaximum: Double?
    /// The longest time between two packets, silences of the sender apart. Milliseconds.
    public var largestGap: Double?
    /// How often another SSRC came.
    public var sourceChanges: UInt64 = 0
    /// How often the numbers began anew.
    public var sequenceJumps: UInt64 = 0
    public var timestampJumps: UInt64 = 0
    /// Milliseconds of media in most packets.
    public var packetTime: Int?
    /// How much faster the sender's clock is than ours, and the standard error of it. Parts per million.
    public var clockSkew: Double?
    public var clockSkewError: Double?
    /// Packets of comfort noise (RFC 3389).
    public var comfortNoise: UInt64 = 0
    /// Silences that the sender has left out.
    public var silences: UInt64 = 0
    public var payloadTypes: [PayloadType] = []

    public init() {}

    /// The share of packets that were lost or late, 0 to 1; nil where none was expected.
    public var lossShare: Double? { expected == 0 ? nil : min(Double(lost &+ late) / Double(expected), 1) }
}

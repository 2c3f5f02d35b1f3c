/// Bursts and gaps of a stream's losses (RFC 3611 section 4.7.2), and how bursty the losses are for the E-model.
///
/// It is told of each packet once, in the order of the sequence numbers.
public struct LossPattern: Equatable, Sendable {
    /// What became of a packet.
    public enum Fate: Sendable {
        case received
        case lost
        /// It came, but too late to be played.
        case late
    }

    /// Gmin: so many packets that come one after another end a burst.
    public static let gapThreshold = 16

    /// All packets, those that never came included.
    public private(set) var packets: UInt64 = 0
    /// Packets that never came.
    public private(set) var lost: UInt64 = 0
    public private(set) var late: UInt64 = 0
    /// Runs of lost or late packets without one between them that was received.
    private var runs: UInt64 = 0
    /// Bursts: each has two losses at least, and begins and ends with one.
    public private(set) var bursts: UInt64 = 0
    /// Packets in bursts, and how many of them were lost or late.
    public private(set) var burstPackets: UInt64 = 0
    public private(set) var burstLosses: UInt64 = 0
    /// How many of those were late.
    public private(set) var burstLate: UInt64 = 0
    /// Packets of the longest burst.
    public private(set) var longestBurst: UInt64 = 0
    /// Packets since the last loss.
    private var sinceLoss: UInt64 = 0
    /// The losses that may be a burst, and the packets from the first of them to the last one; 0 during a gap.
    private var openLosses: UInt64 = 0
    private var openPackets: UInt64 = 0
    private var openLate: UInt64 = 0

    public init() {}

    /// Takes the next packet.
    public mutating func add(_ fate: Fate) {
        packets = packets &+ 1
        guard fate != .received else {
            sinceLoss = sinceLoss &+ 1
            if sinceLoss == UInt64(LossPattern.gapThreshold) { close() }
            return
        }
        if fate == .lost { lost = lost &+ 1 } else { late = late &+ 1 }
        if openLosses == 0 || sinceLoss > 0 { runs = runs &+ 1 }
        openPackets = openLosses == 0 ? 1 : openPackets &+ sinceLoss &+ 1
        openLosses = openLosses &+ 1
        if fate == .late { openLate = openLate &+ 1 }
        sinceLoss = 0
    }

    /// Ends the burst that may have begun: nothing more comes of the stream, or all is read that there is.
    public mutating func close() {
        if openLosses > 1 {
            bursts = bursts &+ 1
            burstPackets = burstPackets &+ openPackets
            burstLosses = burstLosses &+ openLosses
            burstLate = burstLate &+ openLate
            longestBurst = max(longestBurst, openPackets)
        }
        openLosses = 0
        openPackets = 0
        openLate = 0
    }

    /// Packets that were lost or late.
    public var losses: UInt64 { lost &+ late }
    /// Packets outside of bursts, and how many of them were lost or late.
    public var gapPackets: UInt64 { packets &- min(burstPackets, packets) }
    public var gapLosses: UInt64 { losses &- min(burstLosses, losses) }
    /// The share of packets that were lost or late, 0 to 1.
    public var lossShare: Double { packets == 0 ? 0 : Double(losses) / Double(packets) }

    /// BurstR (ITU-T G.107): how long runs of losses are, compared with random losses of the same share; 1 without a loss.
    public var burstRatio: Double {
        guard runs > 0, losses < packets else { return 1 }
        return max(1, Double(losses) / Double(runs) * (1 - lossShare))
    }
}

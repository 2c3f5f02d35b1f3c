/// What a receiver counts of one direction of a stream (RFC 3550 appendices A.1, A.3 and A.8), without an allocation.
public struct StreamStatistics: Equatable, Sendable {
    /// Packets and bytes of RTP since the beginning, whatever their source.
    public private(set) var packets: UInt64 = 0
    public private(set) var bytes: UInt64 = 0
    /// Packets of sources that are over, and how many of those were expected: a source's own count begins anew.
    private var formerPackets: UInt64 = 0
    private var formerExpected: UInt64 = 0
    /// Packets that came after one with a higher number, duplicates included.
    public private(set) var misordered: UInt64 = 0
    /// How often the source was another one than before, or began to count anew.
    public private(set) var restarts: UInt32 = 0
    /// The source; 0 before the first packet.
    public private(set) var ssrc: UInt32 = 0
    /// Units of the payload's clock in a second.
    public private(set) var clockRate: UInt32

    private var isBegun = false
    private var first: UInt16 = 0
    private var highest: UInt16 = 0
    private var cycles: UInt32 = 0
    private var received: UInt64 = 0
    /// A packet that was far from the one before; the next one says whether the source has begun anew.
    private var suspect: UInt16?
    /// Times 16, in units of the clock (RFC 3550 appendix A.8).
    private var jitter16: UInt32 = 0
    private var transit: Int32 = 0
    /// Whether `transit` is that of a packet of the same clock.
    private var isTimeKnown = false
    private var reportedExpected: UInt64 = 0
    private var reportedReceived: UInt64 = 0

    /// The furthest jump forward that is a loss, and back that is a packet out of order (RFC 3550 appendix A.1).
    public static let longestGap: UInt16 = 3_000
    public static let longestDelay: UInt16 = 100
    /// The same for video: a packet that was lost and is sent again (RFC 4585 section 6.2.1) comes behind all that was sent meanwhile.
    public static let longestVideoDelay: UInt16 = 1_000

    private let longestDelay: UInt16

    public init(clockRate: UInt32, longestDelay: UInt16 = StreamStatistics.longestDelay) {
        self.clockRate = max(clockRate, 1)
        self.longestDelay = longestDelay
    }

    /// The next packets count by another clock (RFC 7160): their jitter begins anew. The same rate changes nothing.
    public mutating func use(clockRate: UInt32) {
        guard clockRate != self.clockRate, clockRate > 0 else { return }
        self.clockRate = clockRate
        jitter16 = 0
        isTimeKnown = false
    }

    /// Counts a packet.
    ///
    /// - Parameters:
    ///   - length: Bytes of the packet.
    ///   - now: When it came, in microseconds of any clock that does not jump.
    ///   - isTimed: Whether its timestamp says when it was made; those of a telephone event all have that of its beginning (RFC 4733 section 2.2).
    public mutating func count(_ header: RTPHeader, length: Int, now: Int64, isTimed: Bool = true) {
        packets = packets &+ 1
        bytes = bytes &+ UInt64(truncatingIfNeeded: length)
        let transit = arrival(now) &- Int32(bitPattern: header.timestamp)
        guard isBegun, header.ssrc == ssrc else { return restart(header, transit, isTimed) }
        let step = header.sequence &- highest
        if step == 0 || step > UInt16.max &- longestDelay {
            misordered = misordered &+ 1
        } else if step < StreamStatistics.longestGap {
            if header.sequence < highest { cycles = cycles &+ 0x1_0000 }
            highest = header.sequence
        } else if suspect == header.sequence {
            return restart(header, transit, isTimed)
        } else {
            suspect = header.sequence &+ 1
            received = received &+ 1
            return
        }
        suspect = nil
        received = received &+ 1
        guard isTimed else { return }
        let difference = isTimeKnown ? transit &- self.transit : 0
        self.transit = transit
        isTimeKnown = true
        let magnitude = UInt32(bitPattern: difference < 0 ? 0 &- difference : difference)
        jitter16 = jitter16 &+ magnitude &- ((jitter16 &+ 8) >> 4)
    }

    private func arrival(_ now: Int64) -> Int32 { Int32(truncatingIfNeeded: now &* Int64(clockRate) / 1_000_000) }

    private mutating func restart(_ header: RTPHeader, _ transit: Int32, _ isTimed: Bool) {
        if isBegun {
            restarts = restarts &+ 1
            formerPackets = formerPackets &+ received
            formerExpected = formerExpected &+ expectedOfSource
        }
        isBegun = true
        ssrc = header.ssrc
        first = header.sequence
        highest = header.sequence
        cycles = 0
        received = 1
        suspect = nil
        jitter16 = 0
        self.transit = transit
        isTimeKnown = isTimed
    }

    private var expectedOfSource: UInt64 {
        isBegun ? UInt64(cycles) &+ UInt64(highest) &- UInt64(first) &+ 1 : 0
    }

    /// Packets that the sources have sent, as their numbers tell.
    public var expected: UInt64 { formerExpected &+ expectedOfSource }

    /// Packets that never came; duplicates count against it.
    public var lost: Int64 {
        Int64(truncatingIfNeeded: expected) &- Int64(truncatingIfNeeded: formerPackets &+ received)
    }

    /// Interarrival jitter, in units of the clock.
    public var jitter: UInt32 { jitter16 >> 4 }

    /// The same in microseconds.
    public var jitterMicroseconds: Int64 { Int64(jitter) &* 1_000_000 / Int64(clockRate) }

    /// The highest number of the source with its cycles.
    public var highestSequence: UInt32 { cycles | UInt32(highest) }

    /// What is reported to the source: the loss is that since the report before (RFC 3550 appendix A.3). Nil before the first packet.
    public mutating func report(lastSenderReport: UInt32 = 0, delaySinceSenderReport: UInt32 = 0) -> ReportBlock? {
        guard isBegun else { return nil }
        let received = formerPackets &+ received
        let expected = expected
        let expectedNow = Int64(truncatingIfNeeded: expected &- reportedExpected)
        let lostNow = expectedNow &- Int64(truncatingIfNeeded: received &- reportedReceived)
        reportedExpected = expected
        reportedReceived = received
        let fraction = expectedNow <= 0 || lostNow <= 0 ? 0 : min(lostNow &* 256 / expectedNow, 255)
        return ReportBlock(
            ssrc: ssrc, fractionLost: UInt8(truncatingIfNeeded: fraction), lost: Int32(truncatingIfNeeded: lost),
            highestSequence: highestSequence, jitter: jitter, lastSenderReport: lastSenderReport,
            delaySinceSenderReport: delaySinceSenderReport)
    }
}

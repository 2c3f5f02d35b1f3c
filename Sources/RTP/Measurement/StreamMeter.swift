/// What a line test measures of the RTP that comes, beyond ``StreamStatistics``. In bounded memory, without an allocation.
public struct StreamMeter: Equatable, Sendable {
    /// A packet as the meter sees it.
    public struct Packet: Sendable {
        public let header: RTPHeader
        /// Units of its payload type's clock in a second.
        public let clockRate: UInt32
        /// Whether SDP has its payload type.
        public let isAgreed: Bool
        /// Whether it is a telephone event: its timestamp is that of the event's beginning.
        public let isEvent: Bool
        /// When it came, in microseconds of a clock that does not jump.
        public let now: Int64

        public init(header: RTPHeader, clockRate: UInt32, isAgreed: Bool, isEvent: Bool, now: Int64) {
            self.header = header
            self.clockRate = max(clockRate, 1)
            self.isAgreed = isAgreed
            self.isEvent = isEvent
            self.now = now
        }
    }

    /// The payload type of comfort noise (RFC 3389 section 4).
    public static let comfortNoise: UInt8 = 13

    private var pattern = LossPattern()
    private var window: SequenceWindow?
    private var timing = PacketTiming()
    private var counts = InlineArray<128, UInt32>(repeating: 0)
    /// A bit for each payload type that was not agreed.
    private var foreignTypes: (UInt64, UInt64) = (0, 0)
    private var packets: UInt64 = 0
    private var duplicates: UInt64 = 0
    private var reordered: UInt64 = 0
    private var sourceChanges: UInt64 = 0
    private var sequenceJumps: UInt64 = 0
    private var comfortNoisePackets: UInt64 = 0
    private var ssrc: UInt32 = 0
    private var clockRate: UInt32 = 0
    /// The number that would show that the source has begun to count anew.
    private var suspect: UInt16?

    public init() {}

    public static func == (left: StreamMeter, right: StreamMeter) -> Bool { left.figures == right.figures }

    /// Takes a packet.
    ///
    /// - Returns: Whether it is one of the stream for the first time.
    @discardableResult
    public mutating func take(_ packet: Packet) -> Bool {
        let header = packet.header, type = header.payloadType & 0x7f
        packets = packets &+ 1
        counts[Int(type)] = counts[Int(type)] &+ 1
        if !packet.isAgreed { note(foreign: type) }
        if type == StreamMeter.comfortNoise { comfortNoisePackets = comfortNoisePackets &+ 1 }
        guard let window, header.ssrc == ssrc else {
            if self.window != nil { sourceChanges = sourceChanges &+ 1 }
            begin(packet)
            return true
        }
        let arrival = window.arrival(header.sequence)
        switch arrival {
        case .next, .reordered: break
        case .duplicate:
            duplicates = duplicates &+ 1
            return false
        case .stale:
            reordered = reordered &+ 1
            return false
        case .foreign:
            let hasFollowed = suspect == header.sequence
            suspect = header.sequence &+ 1
            guard hasFollowed else { return false }
            sequenceJumps = sequenceJumps &+ 1
            begin(packet)
            return true
        }
        suspect = nil
        if arrival == .reordered { reordered = reordered &+ 1 }
        var isLate = false
        if packet.isEvent {
            timing.touch(now: packet.now)
        } else {
            if packet.clockRate != clockRate {
                clockRate = packet.clockRate
                timing.restart(clockRate: clockRate)
            }
            isLate = timing.take(header, step: window.step(to: header.sequence), now: packet.now)
        }
        self.window?.take(header.sequence, isLate: isLate, &pattern)
        return true
    }

    /// The first packet of a source, or of its new numbers.
    private mutating func begin(_ packet: Packet) {
        window?.flush(&pattern)
        window = SequenceWindow(first: packet.header.sequence)
        ssrc = packet.header.ssrc
        suspect = nil
        clockRate = packet.clockRate
        timing.restart(clockRate: clockRate)
        if !packet.isEvent { _ = timing.take(packet.header, step: 1, now: packet.now) }
    }

    private mutating func note(foreign type: UInt8) {
        if type < 64 { foreignTypes.0 |= 1 << UInt64(type) } else { foreignTypes.1 |= 1 << UInt64(type & 63) }
    }

    private func isForeign(_ type: UInt8) -> Bool {
        (type < 64 ? foreignTypes.0 >> UInt64(type) : foreignTypes.1 >> UInt64(type & 63)) & 1 != 0
    }

    /// What has been measured so far.
    public var figures: StreamFigures {
        var pattern = pattern
        window?.flush(&pattern)
        pattern.close()
        var figures = StreamFigures()
        figures.packets = packets
        guard packets > 0 else { return figures }
        figures.expected = pattern.packets
        figures.lost = pattern.lost
        figures.late = pattern.late
        figures.duplicates = duplicates
        figures.reordered = reordered
        figures.bursts = pattern.bursts
        figures.burstPackets = pattern.burstPackets
        figures.burstLosses = pattern.burstLosses
        figures.burstLate = pattern.burstLate
        figures.longestBurst = pattern.longestBurst
        figures.burstRatio = pattern.burstRatio
        figures.jitterMean = timing.jitter.mean
        figures.jitter95 = timing.jitter.quantile(0.95)
        figures.jitterMaximum = timing.jitter.mean == nil ? nil : timing.jitter.largest
        figures.largestGap = packets > 1 ? Double(timing.largestGap) / 1_000 : nil
        figures.sourceChanges = sourceChanges
        figures.sequenceJumps = sequenceJumps
        figures.timestampJumps = timing.timestampJumps
        figures.packetTime = timing.usualLength
        figures.clockSkew = timing.clockSkew?.skew
        figures.clockSkewError = timing.clockSkew?.error
        figures.comfortNoise = comfortNoisePackets
        figures.silences = timing.silences
        for type in 0..<128 as Range<UInt8> where counts[Int(type)] > 0 {
            figures.payloadTypes.append(
                StreamFigures.PayloadType(type: type, packets: UInt64(counts[Int(type)]), isAgreed: !isForeign(type)))
        }
        return figures
    }
}

/// Makes one stream of the packets that go to a receiver: one SSRC, numbers without a hole, a timestamp that goes on, whatever was muted or
/// changed its source before.
///
/// SRTP and a receiver's jitter buffer count by these: a mute drops packets here, before they have a number.
public struct StreamRewriter: Equatable, Sendable {
    /// What a packet is sent with.
    public struct Output: Equatable, Sendable {
        public let sequence: UInt16
        public let timestamp: UInt32
        public let marker: Bool
    }

    /// The source that the receiver knows.
    public let ssrc: UInt32
    /// Units of the payload's clock in a second.
    public private(set) var clockRate: UInt32
    /// How many parts have begun: the first packet's, and one with each packet that does not go on with what was sent before.
    public private(set) var parts: UInt64 = 0

    /// How far a packet may be behind the highest number to be one that comes late.
    private let longestDelay: UInt16
    private var source: UInt32 = 0
    /// Whether the next packet begins a new part: the first one, one after a mute, one of another source.
    private var isBroken = true
    private var hasSent = false
    /// The highest number of the source, and how far that is from the part's first one; at most what matters for a packet that comes late.
    private var highest: UInt16 = 0
    private var advanced: UInt16 = 0
    /// The number that would show that the source has begun to count anew.
    private var suspect: UInt16?
    private var sequenceOffset: UInt16 = 0
    private var timestampOffset: UInt32 = 0
    private var last = Output(sequence: 0, timestamp: 0, marker: false)
    private var lastTime: Int64 = 0

    /// - Parameters:
    ///   - sequence: The first number, random (RFC 3550 section 5.1).
    ///   - timestamp: The first timestamp, random.
    ///   - longestDelay: How far a packet may be behind the highest number to be one that comes late; further back, the source has begun anew.
    public init(
        ssrc: UInt32, clockRate: UInt32, sequence: UInt16, timestamp: UInt32, longestDelay: UInt16 = StreamStatistics.longestDelay
    ) {
        self.ssrc = ssrc
        self.longestDelay = longestDelay
        self.clockRate = max(clockRate, 1)
        last = Output(sequence: sequence &- 1, timestamp: timestamp, marker: false)
    }

    /// What was sent last.
    public var lastSequence: UInt16 { last.sequence }
    public var lastTimestamp: UInt32 { last.timestamp }

    /// What the media's clock shows at a moment, as a sender report needs it (RFC 3550 section 6.4.1).
    public func timestamp(at now: Int64) -> UInt32 {
        last.timestamp &+ UInt32(truncatingIfNeeded: max(now &- lastTime, 0) &* Int64(clockRate) / 1_000_000)
    }

    /// Packets are kept from the receiver: the next one that is not begins a new part.
    public mutating func pause() { isBroken = true }

    /// The next packets count by another clock: they begin a new part. The same rate changes nothing.
    public mutating func use(clockRate: UInt32) {
        guard clockRate != self.clockRate, clockRate > 0 else { return }
        self.clockRate = clockRate
        isBroken = true
    }

    /// What a packet is sent with; nil for one that is older than the part it would stand in, or far from the one before.
    ///
    /// - Parameter now: In microseconds of any clock that does not jump.
    public mutating func take(_ header: RTPHeader, now: Int64) -> Output? {
        guard !isBroken, header.ssrc == source else { return begin(header, now) }
        let step = header.sequence &- highest
        if step < StreamStatistics.longestGap {
            highest = header.sequence
            advanced = min(advanced, longestDelay) &+ step
            suspect = nil
            last = output(header, marker: header.marker)
            lastTime = now
            return last
        }
        // Late by so many.
        let delay = 0 &- step
        if delay <= longestDelay { return delay <= advanced ? output(header, marker: header.marker) : nil }
        if suspect == header.sequence { return begin(header, now) }
        suspect = header.sequence &+ 1
        return nil
    }

    private mutating func begin(_ header: RTPHeader, _ now: Int64) -> Output {
        parts = parts &+ 1
        source = header.ssrc
        highest = header.sequence
        advanced = 0
        suspect = nil
        isBroken = false
        sequenceOffset = last.sequence &+ 1 &- header.sequence
        // As much media time as has passed since the last packet; one step at least.
        let elapsed = hasSent ? max((now &- lastTime) &* Int64(clockRate) / 1_000_000, 1) : 0
        timestampOffset = last.timestamp &+ UInt32(truncatingIfNeeded: elapsed) &- header.timestamp
        // A receiver may adapt its buffer at the marker (RFC 3551 section 4.1).
        last = output(header, marker: header.marker || hasSent)
        lastTime = now
        hasSent = true
        return last
    }

    private func output(_ header: RTPHeader, marker: Bool) -> Output {
        Output(sequence: header.sequence &+ sequenceOffset, timestamp: header.timestamp &+ timestampOffset, marker: marker)
    }
}

/// What a receiver reports of one source (RFC 3550 section 6.4.1).
public struct ReportBlock: Equatable, Sendable {
    /// Bytes of a block.
    public static let size = 24

    /// The source that it is about.
    public var ssrc: UInt32
    /// Packets lost since the report before, in 256ths.
    public var fractionLost: UInt8
    /// Packets lost since the beginning; duplicates count against it, so that it may be negative. 24 bits on the wire.
    public var lost: Int32
    /// The highest sequence number, with the number of its cycles in the upper half.
    public var highestSequence: UInt32
    /// Interarrival jitter, in units of the payload's clock.
    public var jitter: UInt32
    /// The middle of the NTP time of the last sender report that came; 0 for none.
    public var lastSenderReport: UInt32
    /// Time since that one, in units of 1/65,536 s.
    public var delaySinceSenderReport: UInt32

    @inlinable
    public init(
        ssrc: UInt32, fractionLost: UInt8 = 0, lost: Int32 = 0, highestSequence: UInt32 = 0, jitter: UInt32 = 0,
        lastSenderReport: UInt32 = 0, delaySinceSenderReport: UInt32 = 0
    ) {
        self.ssrc = ssrc
        self.fractionLost = fractionLost
        self.lost = lost
        self.highestSequence = highestSequence
        self.jitter = jitter
        self.lastSenderReport = lastSenderReport
        self.delaySinceSenderReport = delaySinceSenderReport
    }

    /// - Parameter offset: Where the block begins; `size` bytes follow there.
    @inlinable
    init(_ buffer: UnsafeRawPointer, at offset: Int) {
        let counts = buffer.bigEndian32(at: offset &+ 4)
        // 24 bits with a sign.
        let lost = Int32(bitPattern: counts << 8) >> 8
        self.init(
            ssrc: buffer.bigEndian32(at: offset), fractionLost: UInt8(truncatingIfNeeded: counts >> 24), lost: lost,
            highestSequence: buffer.bigEndian32(at: offset &+ 8), jitter: buffer.bigEndian32(at: offset &+ 12),
            lastSenderReport: buffer.bigEndian32(at: offset &+ 16), delaySinceSenderReport: buffer.bigEndian32(at: offset &+ 20))
    }

    @inlinable
    func write(to buffer: UnsafeMutableRawPointer, at offset: Int) {
        // RFC 3550 appendix A.3: what 24 bits cannot hold is held at the end.
        let bounded = min(max(lost, -0x80_0000), 0x7f_ffff)
        buffer.setBigEndian32(ssrc, at: offset)
        buffer.setBigEndian32(UInt32(fractionLost) << 24 | UInt32(bitPattern: bounded) & 0xff_ffff, at: offset &+ 4)
        buffer.setBigEndian32(highestSequence, at: offset &+ 8)
        buffer.setBigEndian32(jitter, at: offset &+ 12)
        buffer.setBigEndian32(lastSenderReport, at: offset &+ 16)
        buffer.setBigEndian32(delaySinceSenderReport, at: offset &+ 20)
    }

    /// The round trip that this report shows to the sender of the report that it names, in microseconds; nil where it names none, or one
    /// that was sent later than the report came.
    ///
    /// - Parameter now: The middle of the NTP time at which the report came, in units of 1/65,536 s.
    @inlinable
    public func roundTrip(now: UInt32) -> Int64? {
        guard lastSenderReport != 0 else { return nil }
        let units = Int32(bitPattern: now &- lastSenderReport &- delaySinceSenderReport)
        guard units >= 0 else { return nil }
        return Int64(units) &* 1_000_000 / 65_536
    }
}

/// What a sender reports of itself (RFC 3550 section 6.4.1).
public struct SenderInfo: Equatable, Sendable {
    /// Bytes of it.
    public static let size = 20

    /// NTP time: seconds since 1900 in the upper half, the fraction in the lower.
    public var ntp: UInt64
    /// The same moment on the media's clock.
    public var timestamp: UInt32
    public var packets: UInt32
    /// Bytes of payload.
    public var bytes: UInt32

    @inlinable
    public init(ntp: UInt64, timestamp: UInt32, packets: UInt32, bytes: UInt32) {
        self.ntp = ntp
        self.timestamp = timestamp
        self.packets = packets
        self.bytes = bytes
    }

    /// The middle of the NTP time, as the `lastSenderReport` of a ``ReportBlock`` has it.
    @inlinable public var middle: UInt32 { UInt32(truncatingIfNeeded: ntp >> 16) }
}

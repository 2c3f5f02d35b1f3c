import RTP

/// A generator whose numbers are the same in each run.
struct Dice: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// A stream of packets, in the order in which they come, for a ``StreamMeter``.
struct TestStream {
    struct Sent {
        var sequence: UInt16
        var timestamp: UInt32
        var ssrc: UInt32 = 7
        var type: UInt8 = 0
        var marker = false
        /// Microseconds.
        var arrival: Int64
        var isAgreed = true
        var isEvent = false
    }

    var packets: [Sent]

    /// `count` packets of 20 ms of PCMU, each when it is due.
    init(_ count: Int, first: UInt16 = 65_000, length: Int = 20) {
        packets = (0..<count).map { index in
            Sent(
                sequence: first &+ UInt16(truncatingIfNeeded: index), timestamp: UInt32(truncatingIfNeeded: index * 8 * length),
                arrival: 1_000_000 + Int64(index * length) * 1_000)
        }
    }

    /// What a meter makes of it.
    var figures: StreamFigures {
        var meter = StreamMeter()
        for packet in packets.sorted(by: { $0.arrival < $1.arrival }) {
            let bytes = Packet(
                marker: packet.marker, type: packet.type, sequence: packet.sequence, timestamp: packet.timestamp, ssrc: packet.ssrc)
            guard let header = bytes.header else { continue }
            meter.take(StreamMeter.Packet(
                header: header, clockRate: 8_000, isAgreed: packet.isAgreed, isEvent: packet.isEvent, now: packet.arrival))
        }
        return meter.figures
    }
}

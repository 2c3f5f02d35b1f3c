/// An RTP packet (RFC 3550 section 5.1) as a phone of the tests sends it, without CSRCs or an extension.
struct RTPSample: Equatable, Sendable {
    var type: UInt8 = 0
    var marker = false
    var sequence: UInt16
    var timestamp: UInt32
    var ssrc: UInt32
    var payload: [UInt8]

    /// The `index`-th packet of a stream of 20 ms of PCMU each, whose payload tells which it is.
    init(_ index: Int, ssrc: UInt32 = 0x1234_5678, type: UInt8 = 0, mark: UInt8 = 0) {
        self.type = type
        sequence = UInt16(truncatingIfNeeded: index)
        timestamp = UInt32(truncatingIfNeeded: index &* 160)
        self.ssrc = ssrc
        payload = [mark, UInt8(truncatingIfNeeded: index >> 8), UInt8(truncatingIfNeeded: index)] + [UInt8](repeating: 0xd5, count: 157)
    }

    /// `nil` for what is no RTP packet of version 2.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 12, bytes[0] == 0x80 else { return nil }
        func number(_ range: Range<Int>) -> UInt32 { bytes[range].reduce(0) { $0 << 8 | UInt32($1) } }
        marker = bytes[1] & 0x80 != 0
        type = bytes[1] & 0x7f
        sequence = UInt16(truncatingIfNeeded: number(2..<4))
        timestamp = number(4..<8)
        ssrc = number(8..<12)
        payload = Array(bytes[12...])
    }

    var bytes: [UInt8] {
        func big(_ value: UInt32, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) }
        }
        return [0x80, (marker ? 0x80 : 0) | type] + big(UInt32(sequence), 2) + big(timestamp, 4) + big(ssrc, 4) + payload
    }

    /// The `index` that it was made of.
    var index: Int { payload.count > 2 ? Int(payload[1]) << 8 | Int(payload[2]) : -1 }
    /// The `mark` that it was made with.
    var mark: UInt8 { payload.first ?? 0 }
}

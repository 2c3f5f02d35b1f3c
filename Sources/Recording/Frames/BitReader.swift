/// Reads numbers of any width, and those of H.264 and H.265 that say their own (ITU-T H.264 section 9.1).
struct BitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// What a NAL unit has in it, without the bytes that keep start codes out of it (ITU-T H.264 section 7.4.1).
    init(unit: ArraySlice<UInt8>) {
        var bytes: [UInt8] = [], zeros = 0
        for byte in unit {
            if zeros >= 2, byte == 3 {
                zeros = 0
                continue
            }
            zeros = byte == 0 ? zeros + 1 : 0
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    mutating func bit() -> Int? {
        guard position < bytes.count * 8 else { return nil }
        defer { position += 1 }
        return Int(bytes[position / 8] >> (7 - UInt8(position % 8)) & 1)
    }

    mutating func flag() -> Bool? { bit().map { $0 == 1 } }

    /// - Parameter count: 32 at most.
    mutating func bits(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let bit = bit() else { return nil }
            value = value << 1 | bit
        }
        return value
    }

    mutating func skip(_ count: Int) -> Void? {
        guard count <= bytes.count * 8 - position else { return nil }
        position += count
        return ()
    }

    /// `ue(v)`.
    mutating func number() -> Int? {
        var zeros = 0
        while let bit = bit(), bit == 0 {
            zeros += 1
            guard zeros <= 31 else { return nil }
        }
        return bits(zeros).map { (1 << zeros) - 1 + $0 }
    }

    /// `se(v)`.
    mutating func signed() -> Int? { number().map { $0 & 1 == 1 ? ($0 + 1) / 2 : -$0 / 2 } }
}

/// ITU-T G.711: both laws, to and from 16-bit samples.
public enum G711: Sendable {
    case muLaw, aLaw

    /// The level of a sine that just reaches the law's overload point, in dBm0 (G.711 section 3, for A-law).
    public static let overload = 3.14

    @inline(__always)
    public func sample(_ code: UInt8) -> Int16 {
        let table = self == .muLaw ? G711.muLawTable : G711.aLawTable
        return table[Int(code)]
    }

    /// Whether a code is one of the two furthest from zero: all that is louder becomes these.
    @inline(__always)
    public func isExtreme(_ code: UInt8) -> Bool {
        switch self {
        case .muLaw: code & 0x7f == 0
        case .aLaw: code & 0x7f == 0x2a
        }
    }

    public func code(_ sample: Int16) -> UInt8 { self == .muLaw ? G711.muLaw(sample) : G711.aLaw(sample) }

    private static let muLawTable: [Int16] = (0..<256).map { code in
        let bits = ~UInt8(code)
        let exponent = Int(bits >> 4) & 7, mantissa = Int(bits & 0x0f)
        let magnitude = ((mantissa << 3) + 132) << exponent - 132
        return Int16(truncatingIfNeeded: bits & 0x80 == 0 ? magnitude : -magnitude)
    }

    private static let aLawTable: [Int16] = (0..<256).map { code in
        let bits = UInt8(code) ^ 0x55
        let exponent = Int(bits >> 4) & 7, mantissa = Int(bits & 0x0f)
        let magnitude = exponent == 0 ? mantissa << 4 + 8 : (mantissa << 4 + 264) << (exponent - 1)
        return Int16(truncatingIfNeeded: bits & 0x80 == 0 ? -magnitude : magnitude)
    }

    private static func muLaw(_ sample: Int16) -> UInt8 {
        let magnitude = min(abs(Int(sample)), 32_635) + 132
        var exponent = 7
        while exponent > 0, magnitude & (0x80 << exponent) == 0 { exponent -= 1 }
        let mantissa = (magnitude >> (exponent + 3)) & 0x0f
        return ~UInt8(truncatingIfNeeded: (sample < 0 ? 0x80 : 0) | exponent << 4 | mantissa)
    }

    private static func aLaw(_ sample: Int16) -> UInt8 {
        let magnitude = min(sample < 0 ? -1 - Int(sample) : Int(sample), 32_767) >> 3
        var exponent = 7
        while exponent > 0, magnitude & (0x10 << exponent) == 0 { exponent -= 1 }
        let mantissa = exponent == 0 ? (magnitude >> 1) & 0x0f : (magnitude >> exponent) & 0x0f
        return UInt8(truncatingIfNeeded: (sample < 0 ? 0 : 0x80) | exponent << 4 | mantissa) ^ 0x55
    }
}

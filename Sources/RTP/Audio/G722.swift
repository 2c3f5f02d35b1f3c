/// ITU-T G.722 at 64 kbit/s (RFC 3551 section 4.5.2), of which one byte is a sample of each of two bands at 8,000 Hz.
///
/// A line test works with 0 to 4 kHz: its signals are in the lower band, and the upper one is silent. So neither needs the filters that divide the bands.
/// Samples of the lower band have half the size of those of the whole.
public enum G722 {
    /// Makes codes of samples below 4 kHz.
    public struct Encoder: Sendable {
        private var lower = Band(step: 32), upper = Band(step: 8)

        public init() {}

        public mutating func code(_ sample: Int16) -> UInt8 {
            let low = lower.encodeLower(Int(sample) / 2), high = upper.encodeUpper(0)
            return UInt8(truncatingIfNeeded: high << 6 | low)
        }
    }

    /// Makes samples of what codes have below 4 kHz.
    public struct Decoder: Sendable {
        private var lower = Band(step: 32)

        public init() {}

        public mutating func sample(_ code: UInt8) -> Int16 { Int16(truncatingIfNeeded: lower.decodeLower(Int(code & 0x3f)) * 2) }
    }

    /// The largest sample that a decoder makes.
    public static let largest: Int16 = 32_766
}

/// The adaptive predictor and the scale factor of one band (G.722 sections 3.3 to 3.6). Its names are the Recommendation's.
private struct Band: Sendable {
    private var s = 0, sz = 0
    private var r = InlineArray<3, Int>(repeating: 0), a = InlineArray<3, Int>(repeating: 0), p = InlineArray<3, Int>(repeating: 0)
    private var d = InlineArray<7, Int>(repeating: 0), b = InlineArray<7, Int>(repeating: 0)
    private var nb = 0
    private var det: Int

    init(step: Int) { det = step }

    // MARK: The lower band

    mutating func encodeLower(_ sample: Int) -> Int {
        let error = saturated(sample - s)
        let magnitude = error >= 0 ? error : -(error + 1)
        var level = 1
        while level < 30, magnitude >= (Tables.q6[level] * det) >> 12 { level += 1 }
        let code = error < 0 ? Tables.iln[level] : Tables.ilp[level]
        adaptLower(code >> 2)
        return code
    }

    mutating func decodeLower(_ code: Int) -> Int {
        let sample = min(max(s + (det * Tables.qm6[code & 63]) >> 15, -16_384), 16_383)
        adaptLower((code & 63) >> 2)
        return sample
    }

    private mutating func adaptLower(_ code: Int) {
        let difference = (det * Tables.qm4[code]) >> 15
        nb = min(max((nb * 127) >> 7 + Tables.wl[Tables.rl42[code]], 0), 18_432)
        det = scale(8)
        predict(difference)
    }

    // MARK: The upper band

    mutating func encodeUpper(_ sample: Int) -> Int {
        let error = saturated(sample - s)
        let magnitude = error >= 0 ? error : -(error + 1)
        let isLarge = magnitude >= (564 * det) >> 12
        let code = error < 0 ? (isLarge ? 0 : 1) : (isLarge ? 2 : 3)
        let difference = (det * Tables.qm2[code]) >> 15
        nb = min(max((nb * 127) >> 7 + Tables.wh[code], 0), 22_528)
        det = scale(10)
        predict(difference)
        return code
    }

    // MARK: Both

    private func scale(_ shift: Int) -> Int {
        let mantissa = Tables.ilb[(nb >> 6) & 31], exponent = shift - nb >> 11
        return (exponent < 0 ? mantissa << -exponent : mantissa >> exponent) << 2
    }

    /// Takes a quantized difference, and predicts the next sample.
    private mutating func predict(_ difference: Int) {
        d[0] = difference
        r[0] = saturated(s + difference)
        p[0] = saturated(sz + difference)
        // Poles.
        let same1 = (p[0] < 0) == (p[1] < 0), same2 = (p[0] < 0) == (p[2] < 0)
        let first = saturated(a[1] << 2)
        let second = min(max((same2 ? 128 : -128) + min(same1 ? -first : first, 32_767) >> 7 + (a[2] * 32_512) >> 15, -12_288), 12_288)
        let bound = saturated(15_360 - second)
        a[1] = min(max(saturated((same1 ? 192 : -192) + (a[1] * 32_640) >> 15), -bound), bound)
        a[2] = second
        // Zeros.
        let step = difference == 0 ? 0 : 128
        for index in 1..<7 {
            let change = (d[index] < 0) == (difference < 0) ? step : -step
            b[index] = saturated(change + (b[index] * 32_640) >> 15)
        }
        for index in (1..<7).reversed() { d[index] = d[index - 1] }
        for index in (1..<3).reversed() {
            r[index] = r[index - 1]
            p[index] = p[index - 1]
        }
        let poles = saturated((a[1] * saturated(r[1] * 2)) >> 15 + (a[2] * saturated(r[2] * 2)) >> 15)
        var zeros = 0
        for index in 1..<7 { zeros += (b[index] * saturated(d[index] * 2)) >> 15 }
        sz = saturated(zeros)
        s = saturated(poles + sz)
    }

    private func saturated(_ value: Int) -> Int { min(max(value, -32_768), 32_767) }
}

/// Tables 4 to 16 of the Recommendation.
private enum Tables {
    static let q6 = [
        0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023, 1_121, 1_219, 1_339, 1_458, 1_612,
        1_765, 1_980, 2_195, 2_557, 2_919, 0, 0,
    ]
    static let iln = [0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 0]
    static let ilp = [
        0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 0,
    ]
    static let wl = [-60, -30, 58, 172, 334, 538, 1_198, 3_042]
    static let rl42 = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0]
    static let ilb = [
        2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656, 2_714, 2_774, 2_834, 2_896, 2_960, 3_025,
        3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520, 3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
    ]
    static let qm4 = [
        0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288, 4_240, 2_584, 1_200, 0,
    ]
    static let qm2 = [-7_408, -1_616, 7_408, 1_616]
    /// By the code of the upper band.
    static let wh = [798, -214, 798, -214]
    static let qm6 = [
        -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192, -10_232, -9_360, -8_576, -7_856, -7_192,
        -6_576, -6_000, -5_456, -4_944, -4_464, -4_008, -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904,
        19_008, 16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000, 5_456, 4_944, 4_464, 4_008, 3_576,
        3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432, 136, -432, -136,
    ]
}

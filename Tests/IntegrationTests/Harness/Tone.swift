import Foundation

/// Sine tones in G.711 mu-law, made and recognised.
enum Tone {
    /// Samples a second of PCMU.
    static let rate = 8_000.0

    /// 160 samples, 20 ms, that go on from packet to packet.
    static func packet(_ number: Int, frequency: Double) -> [UInt8] { packet(number, frequencies: [frequency], amplitude: 8_000) }

    /// The same of several tones together.
    static func packet(_ number: Int, frequencies: [Double], amplitude: Double) -> [UInt8] {
        (0..<160).map { sample in
            let time = 2 * Double.pi * Double(number * 160 + sample) / rate
            return muLaw(Int(frequencies.reduce(0) { $0 + amplitude * sin($1 * time) }))
        }
    }

    /// How much of the power lies at `frequency`, 0 to 1 (Goertzel); 0 for silence.
    static func share(of frequency: Double, in samples: [Double], rate: Double = Tone.rate) -> Double {
        let total = samples.reduce(0) { $0 + $1 * $1 }
        guard samples.count > 0, total / Double(samples.count) > 100 * 100 else { return 0 }
        let coefficient = 2 * cos(2 * Double.pi * frequency / rate)
        var last = 0.0, beforeLast = 0.0
        for sample in samples { (last, beforeLast) = (sample + coefficient * last - beforeLast, last) }
        let power = last * last + beforeLast * beforeLast - coefficient * last * beforeLast
        return power * 2 / (Double(samples.count) * total)
    }

    /// Whether a tone makes up most of some half second of what was heard, however much silence there was before.
    static func isHeard(_ frequency: Double, in wave: (samples: [Double], rate: Double)) -> Bool {
        let window = Int(wave.rate / 2)
        guard window > 0, wave.samples.count >= window else { return false }
        return stride(from: 0, through: wave.samples.count - window, by: window).contains { start in
            share(of: frequency, in: Array(wave.samples[start..<(start + window)]), rate: wave.rate) > 0.5
        }
    }

    /// The first channel of a WAV file of 16 bits, with its rate; nothing for what is none.
    static func firstChannel(ofWave data: Data) -> (samples: [Double], rate: Double) {
        let bytes = [UInt8](data)
        func number(_ offset: Int, _ count: Int) -> Int {
            guard offset + count <= bytes.count else { return 0 }
            return (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
        }
        guard bytes.count > 44, String(decoding: bytes[..<4], as: UTF8.self) == "RIFF", number(34, 2) == 16 else { return ([], 0) }
        let frame = max(1, number(22, 2)) * 2
        let samples = stride(from: 44, to: bytes.count - frame + 1, by: frame).map { offset in
            Double(Int16(truncatingIfNeeded: number(offset, 2)))
        }
        return (samples, Double(number(24, 4)))
    }

    /// ITU-T G.711, table 2a.
    static func muLaw(_ sample: Int) -> UInt8 {
        let magnitude = min(abs(sample) + 132, 32_767)
        var exponent = 7
        while exponent > 0, magnitude & (1 << (exponent + 7)) == 0 { exponent -= 1 }
        let mantissa = (magnitude >> (exponent + 3)) & 0x0f
        return ~UInt8((sample < 0 ? 0x80 : 0) | exponent << 4 | mantissa)
    }

    static func linear(_ code: UInt8) -> Double {
        let bits = Int(~code)
        let magnitude = (((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)
        return Double(bits & 0x80 == 0 ? magnitude - 132 : 132 - magnitude)
    }

    /// A WAV file of a tone: one channel, 16 bits, 48,000 a second.
    static func wave(frequency: Double, seconds: Int) -> Data {
        let rate = 48_000
        var data = Data("RIFF".utf8)
        func put(_ number: Int, _ bytes: Int) { for byte in 0..<bytes { data.append(UInt8((number >> (8 * byte)) & 0xff)) } }
        put(36 + rate * seconds * 2, 4)
        data.append(contentsOf: Array("WAVEfmt ".utf8))
        for (number, bytes) in [(16, 4), (1, 2), (1, 2), (rate, 4), (rate * 2, 4), (2, 2), (16, 2)] { put(number, bytes) }
        data.append(contentsOf: Array("data".utf8))
        put(rate * seconds * 2, 4)
        for sample in 0..<(rate * seconds) {
            put(Int(10_000 * sin(2 * Double.pi * frequency * Double(sample) / Double(rate))) & 0xffff, 2)
        }
        return data
    }
}

import Foundation
@testable import RTP
import Testing

@Suite("What a line test measures of audio")
struct AudioMeterTests {
    private func measured(_ seconds: Int = 2, law: G711 = .aLaw, _ sample: (Int) -> Int16) -> AudioFigures? {
        var meter = AudioMeter()
        for index in 0..<seconds * 8_000 {
            let code = law.code(sample(index))
            meter.add(law.sample(code), isExtreme: law.isExtreme(code))
        }
        return meter.figures
    }

    private func sine(_ amplitude: Double, _ frequency: Double = 1_004) -> (Int) -> Int16 {
        { Int16(max(-32_768, min(32_767, amplitude * sin(2 * .pi * frequency * Double($0) / 8_000)))) }
    }

    @Test("both laws: each code is its own sample's, and no sample is further from its code than a step", arguments: [G711.muLaw, .aLaw])
    func laws(law: G711) {
        for code in 0...UInt8.max {
            // Two codes of mu-law are zero.
            let again = law.code(law.sample(code))
            #expect(again == code || law.sample(again) == law.sample(code), "\(code)")
        }
        for sample in stride(from: Int(Int16.min), through: Int(Int16.max), by: 7) {
            let decoded = Int(law.sample(law.code(Int16(sample))))
            #expect(abs(decoded - sample) <= max(8, abs(sample) / 24) + (abs(sample) > 32_000 ? 700 : 0), "\(sample) \(decoded)")
        }
    }

    @Test("known codes of G.711: the test values of its tables")
    func codes() {
        #expect(G711.muLaw.sample(0x80) == 32_124 && G711.muLaw.sample(0x00) == -32_124 && G711.muLaw.sample(0xff) == 0)
        #expect(G711.aLaw.sample(0xaa) == 32_256 && G711.aLaw.sample(0x2a) == -32_256 && G711.aLaw.sample(0xd5) == 8)
        #expect(G711.aLaw.code(0) == 0xd5 && G711.muLaw.code(0) == 0xff)
        #expect(G711.muLaw.isExtreme(0x80) && G711.muLaw.isExtreme(0) && G711.aLaw.isExtreme(0xaa) && G711.aLaw.isExtreme(0x2a))
        #expect(!G711.aLaw.isExtreme(0xd5) && !G711.muLaw.isExtreme(0xff))
    }

    @Test("a milliwatt is at -6.15 dBov, and 16 dB less is", arguments: [G711.muLaw, .aLaw])
    func levels(law: G711) throws {
        for (signal, level) in [(TestSignal.milliwatt, -6.15), (.quietMilliwatt, -22.15)] {
            var generator = SignalGenerator(signal)
            let figures = try #require(measured(law: law) { _ in generator.next() })
            #expect(abs(figures.level - level) < 0.3 && figures.silence == 0 && figures.clipping == 0, "\(figures)")
            #expect(abs(try #require(figures.activeLevel) - level) < 0.3 && abs(figures.loudestSecond - level) < 0.3)
            #expect(abs(figures.offset) < 0.001)
        }
    }

    @Test("silence has no active level; half of it halves the share")
    func silence() throws {
        let none = try #require(measured { _ in 0 })
        #expect(none.activeLevel == nil && none.silence == 1 && none.level < -60)
        let half = try #require(measured { ($0 / 8_000).isMultiple(of: 2) ? 0 : sine(3_000)($0) })
        #expect(half.silence == 0.5)
        #expect(try #require(half.activeLevel) > half.level + 2.9)
        #expect(measured(0) { _ in 0 } == nil)
    }

    @Test("what is too loud is clipped, what just fits is not")
    func clipping() throws {
        #expect(try #require(measured(law: .muLaw, sine(120_000))).clipping > 0.5)
        #expect(try #require(measured(law: .aLaw, sine(60_000))).clipping > 0.3)
        #expect(try #require(measured(law: .aLaw, sine(30_000))).clipping == 0)
    }

    @Test("an offset is a share of the largest sample")
    func offset() throws {
        let figures = try #require(measured { sine(3_000)($0) + 1_638 })
        #expect(abs(figures.offset - 0.05) < 0.003, "\(figures.offset)")
    }

    // MARK: Digits

    private func pressed(_ digits: String, milliseconds: Int = 80, amplitude: Double = 6_000, noise: Double = 0, twist: Double = 1) -> [ToneDigitDetector.Digit] {
        let rows = [697.0, 770, 852, 941], columns = [1209.0, 1336, 1477, 1633], keys = Array("123A456B789C*0#D")
        var dice = Dice(5), detector = ToneDigitDetector(), found: [ToneDigitDetector.Digit] = []
        for digit in digits {
            let place = keys.firstIndex(of: digit) ?? 0
            for index in 0..<(milliseconds + 80) * 8 {
                let time = Double(index) / 8_000
                let tone = index < milliseconds * 8
                    ? amplitude * (sin(2 * .pi * rows[place / 4] * time) + twist * sin(2 * .pi * columns[place % 4] * time)) : 0
                let sample = Int16(tone + noise * .random(in: -1...1, using: &dice))
                if let digit = detector.take(G711.muLaw.sample(G711.muLaw.code(sample))) { found.append(digit) }
            }
        }
        return found
    }

    @Test("all sixteen digits in the band are found, each once, with duration and level")
    func digits() {
        let found = pressed("123A456B789C*0#D")
        #expect(String(found.map(\.character)) == "123A456B789C*0#D")
        #expect(found.allSatisfy { abs($0.duration - 80) <= 26 && abs($0.level - -14.7) < 2 }, "\(found)")
        #expect(String(pressed("159D", amplitude: 500, noise: 60).map(\.character)) == "159D")
    }

    @Test("too short, too quiet or too twisted a tone is no digit; nor are single tones, noise or a sweep")
    func noDigits() {
        #expect(pressed("5", milliseconds: 20).isEmpty)
        #expect(pressed("5", amplitude: 60).isEmpty)
        #expect(pressed("5", amplitude: 2_000, twist: 5).isEmpty)
        #expect(pressed("5", amplitude: 500, noise: 3_000).isEmpty)
        for signal in [TestSignal.milliwatt, .band, .tone(frequency: 697, level: -10), .tone(frequency: 1_336, level: -10), .silence] {
            var generator = SignalGenerator(signal), detector = ToneDigitDetector()
            for _ in 0..<96_000 { #expect(detector.take(generator.next()) == nil) }
        }
    }
}

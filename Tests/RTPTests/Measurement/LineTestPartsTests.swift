import Foundation
@testable import RTP
import Testing

@Suite("VoIP metrics of extended reports")
struct VoIPMetricsTests {
    /// An extended report (RFC 3611 section 2) with these blocks, behind a receiver report.
    private func report(_ blocks: [UInt8]) -> Packet {
        let words = UInt16(1 + blocks.count / 4)
        return Packet([0x80, 201, 0, 1, 0, 0, 0, 9, 0x80, 207] + Packet.bytes(words) + [0, 0, 0, 9] + blocks)
    }

    private let block: [UInt8] = [7, 0, 0, 8, 0, 0, 0, 7, 13, 3, 64, 2, 0, 120, 7, 208, 0, 80, 0, 60, 0xe8, 0xba, 127, 16, 82, 127, 41, 40, 0, 0, 0, 60, 0, 120, 0, 200]

    private func metrics(_ packet: Packet) -> VoIPMetrics? {
        packet.read { bytes, length in
            var reader = RTCPReader(bytes, length: length)
            while let part = reader.next() { if let found = VoIPMetrics(part, in: bytes) { return found } }
            return nil
        }
    }

    @Test("a block is read as it stands, also behind others")
    func read() throws {
        // A receiver reference time block is before it.
        for blocks in [block, [4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8] + block] {
            let found = try #require(metrics(report(blocks)))
            #expect(found.ssrc == 7 && found.loss == 13.0 / 256 && found.discarded == 3.0 / 256 && found.burstDensity == 0.25)
            #expect(found.burstDuration == 120 && found.gapDuration == 2_000 && found.roundTrip == 80 && found.endSystemDelay == 60)
            #expect(found.signalLevel == -24 && found.noiseLevel == -70 && found.rating == 82)
            #expect(found.listeningScore == 4.1 && found.conversationalScore == 4)
        }
    }

    @Test("what the receiver does not know is nil, and a block that is cut off is none")
    func unknown() throws {
        var bytes = block
        for place in [20, 21, 24, 26, 27] { bytes[place] = 127 }
        let found = try #require(metrics(report(bytes)))
        #expect(found.signalLevel == nil && found.noiseLevel == nil && found.rating == nil)
        #expect(found.listeningScore == nil && found.conversationalScore == nil)
        #expect(metrics(report(Array(block.dropLast(4)))) == nil)
        #expect(metrics(report([])) == nil && metrics(report([4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8])) == nil)
    }
}

@Suite("Packets that are held back")
struct PacketDelayTests {
    private func take(_ delay: inout PacketDelay, _ bytes: [UInt8], now: Int64) -> Bool {
        bytes.withUnsafeBytes { $0.baseAddress.map { delay.take($0, length: bytes.count, now: now) } ?? false }
    }

    private func next(_ delay: inout PacketDelay, now: Int64) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 2_048)
        let length = bytes.withUnsafeMutableBytes { buffer in buffer.baseAddress.flatMap { delay.next(to: $0, most: 2_048, now: now) } }
        return length.map { Array(bytes.prefix($0)) }
    }

    @Test("each packet comes out as it came, when its time has come")
    func order() {
        var delay = PacketDelay(delay: 500)
        defer { delay.deallocate() }
        #expect(take(&delay, [1, 2, 3], now: 0) && take(&delay, [4], now: 20))
        #expect(next(&delay, now: 499) == nil && delay.due == 500)
        #expect(next(&delay, now: 500) == [1, 2, 3] && next(&delay, now: 519) == nil && next(&delay, now: 520) == [4])
        #expect(delay.due == nil && !delay.isOver(now: 10_000))
    }

    @Test("a recording takes nothing after its end, and is over when all has come out")
    func recording() {
        var delay = PacketDelay(delay: 500, intakeEnd: 500)
        defer { delay.deallocate() }
        #expect(take(&delay, [1], now: 499) && !take(&delay, [2], now: 500))
        #expect(!delay.isOver(now: 900) && next(&delay, now: 999) == [1] && delay.isOver(now: 999))
    }

    @Test("its room has an end: what does not fit is dropped, what is there stays whole, however often it goes round")
    func bounded() {
        var delay = PacketDelay(delay: 1), dice = Dice(6), waiting: [[UInt8]] = [], dropped = 0, now: Int64 = 0
        defer { delay.deallocate() }
        for round in 0..<30_000 {
            now += 1
            if Int.random(in: 0..<(round % 6_000 < 3_000 ? 2 : 4), using: &dice) == 0 {
                let bytes = [UInt8](repeating: UInt8(round & 255), count: .random(in: 1...1_500, using: &dice))
                if take(&delay, bytes, now: now) { waiting.append(bytes) } else { dropped += 1 }
            } else if round % 3 == 0, !waiting.isEmpty {
                #expect(next(&delay, now: now + 1) == waiting.removeFirst())
            }
            #expect(waiting.count <= PacketDelay.mostPackets)
            if waiting.reduce(0, { $0 + $1.count }) > PacketDelay.capacity { Issue.record("more than fits"); break }
        }
        #expect(dropped > 0)
        while !waiting.isEmpty { #expect(next(&delay, now: now + 1) == waiting.removeFirst()) }
        #expect(next(&delay, now: now + 1) == nil && !take(&delay, [], now: now))
    }
}

@Suite("The digits of a line test")
struct DigitLogTests {
    @Test("a digit by two methods at once is doubled; by one method, or later, it is another one; 32 are kept")
    func doubled() {
        var log = DigitLog()
        log.add(.init(digit: "1", method: .rtp, time: 1_000, duration: 100))
        log.add(.init(digit: "1", method: .info, time: 1_150, duration: 100))
        log.add(.init(digit: "1", method: .rtp, time: 1_400, duration: 100))
        #expect(log.count == 3 && log.doubled == 2)
        log.add(.init(digit: "1", method: .inBand, time: 2_100, duration: 100))
        log.add(.init(digit: "2", method: .rtp, time: 2_100, duration: 100))
        #expect(log.doubled == 2)
        for time in 0..<100 { log.add(.init(digit: "5", method: .rtp, time: 10_000 + time * 1_000, duration: 100)) }
        #expect(log.count == 105 && log.entries.count == DigitLog.capacity && log.entries.last?.time == 109_000)
    }
}

@Suite("G.722 below 4 kHz")
struct G722Tests {
    @Test("tones come back at their level, between -60 and 0 dBm0", arguments: [0.0, -16, -40, -60], [300.0, 1_004, 3_400])
    func tones(level: Double, frequency: Double) {
        var generator = SignalGenerator(.tone(frequency: frequency, level: level)), encoder = G722.Encoder(), decoder = G722.Decoder()
        var energy = 0.0, error = 0.0, shift = 0.0
        for index in 0..<16_000 {
            let sample = generator.next(), back = decoder.sample(encoder.code(sample))
            guard index >= 8_000 else { continue }
            energy += Double(back) * Double(back)
            error += pow(Double(back) - Double(sample), 2)
            shift += Double(back)
        }
        #expect(abs(AudioMeter.level(energy, 8_000) - (level - 6.15)) < 0.5, "\(AudioMeter.level(energy, 8_000))")
        // Six bits a sample.
        #expect(level < -50 || error < energy / 300, "\(10 * log10(energy / max(error, 1))) dB")
        #expect(abs(shift / 8_000) < 40)
    }

    /// 40 ms of 1004 Hz at a peak of an eighth, as another encoder has made them of samples at 16,000 Hz.
    private static let foreign: [UInt8] = [
        250, 152, 44, 142, 33, 146, 160, 160, 96, 240, 137, 199, 212, 223, 242, 238, 242, 124, 215, 211, 214, 254, 244, 176, 242, 125, 215, 212, 151, 255, 179, 240,
        244, 125, 151, 212, 151, 252, 243, 241, 244, 254, 214, 148, 216, 252, 242, 240, 116, 254, 149, 148, 216, 251, 242, 112, 243, 158, 215, 213, 153, 250, 243, 241,
        244, 223, 215, 213, 217, 187, 243, 241, 245, 222, 214, 149, 218, 185, 242, 241, 246, 221, 214, 150, 219, 248, 178, 242, 247, 220, 150, 214, 220, 250, 242, 241,
        245, 221, 213, 149, 92, 186, 241, 240, 181, 221, 149, 213, 220, 249, 240, 112, 180, 220, 148, 213, 156, 249, 240, 239, 121, 223, 151, 215, 220, 188, 239, 243,
        248, 223, 215, 214, 218, 249, 177, 114, 185, 221, 213, 148, 217, 248, 240, 241, 249, 220, 213, 148, 217, 248, 240, 177, 121, 156, 213, 148, 217, 248, 176, 113,
        250, 220, 212, 212, 217, 183, 243, 242, 247, 222, 216, 148, 221, 245, 239, 243, 244, 186, 88, 151, 249, 180, 109, 176, 112, 250, 215, 254, 159, 111, 179, 109,
        239, 223, 251, 219, 243, 247, 172, 107, 245, 246, 255, 186, 248, 239, 239, 238, 114, 248, 188, 190, 251, 243, 239, 241, 178, 127, 156, 219, 247, 251, 240, 238,
        248, 125, 215, 190, 153, 118, 177, 112, 246, 217, 219, 154, 93, 187, 113, 239, 223, 251, 213, 217, 155, 115, 245, 177, 120, 255, 148, 214, 251, 251, 241, 113,
        246, 154, 216, 214, 250, 188, 46, 245, 182, 89, 215, 221, 219, 243, 246, 241, 121, 218, 152, 213, 251, 185, 111, 247, 250, 222, 214, 219, 188, 244, 112, 242,
        159, 254, 210, 157, 222, 115, 243, 246, 184, 219, 216, 213, 249, 242, 244, 240, 252, 220, 146, 254, 254, 245, 110, 183, 188, 219, 217, 153, 252, 239, 245, 242,
    ]

    @Test("a tone of another encoder has its level, and its frequency")
    func interoperable() {
        var decoder = G722.Decoder()
        let samples = Self.foreign.map { decoder.sample($0) }.suffix(240)
        let level = AudioMeter.level(samples.reduce(0) { $0 + Double($1) * Double($1) }, 240)
        #expect(abs(level - -21.07) < 0.5, "\(level)")
        let crossings = zip(samples, samples.dropFirst()).count { ($0 < 0) != ($1 < 0) }
        #expect((59...61).contains(crossings), "\(crossings)")
        var generator = SignalGenerator(.tone(frequency: 1_004, level: -14.92)), encoder = G722.Encoder(), other = G722.Decoder()
        // The same codes for the same tone, but for the phase: the scale factor has settled alike.
        let own = (0..<320).map { _ in other.sample(encoder.code(generator.next())) }.suffix(240)
        #expect(abs(AudioMeter.level(own.reduce(0) { $0 + Double($1) * Double($1) }, 240) - level) < 0.5)
    }

    @Test("silence stays silent, and codes at random trap nothing")
    func silence() {
        var encoder = G722.Encoder(), decoder = G722.Decoder(), dice = Dice(7)
        var largest: UInt16 = 0
        for index in 0..<8_000 {
            let sample = decoder.sample(encoder.code(0))
            if index > 100 { largest = max(largest, sample.magnitude) }
        }
        #expect(largest < 20)
        for _ in 0..<100_000 { _ = decoder.sample(.random(in: 0...255, using: &dice)) }
        for _ in 0..<100_000 { _ = encoder.code(.random(in: Int16.min...Int16.max, using: &dice)) }
    }
}

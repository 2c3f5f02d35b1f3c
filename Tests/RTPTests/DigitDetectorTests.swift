import RTP
import Testing

@Suite("DTMF digits in RTP")
struct DigitDetectorTests {
    private func take(
        _ detector: inout DigitDetector, _ event: UInt8, at timestamp: UInt32, duration: UInt16, isEnd: Bool = false, now: Int64 = 0,
        ssrc: UInt32 = 7
    ) -> DigitDetector.Digit? {
        let packet = Packet(timestamp: timestamp, ssrc: ssrc, payload: [event, isEnd ? 0x8a : 0x0a] + Packet.bytes(duration))
        return packet.read { memory, length in
            RTPHeader(memory, length: length).flatMap { detector.take($0, in: memory, now: now) }
        }
    }

    @Test("a digit comes once, however many packets tell of it")
    func once() {
        var detector = DigitDetector()
        var digits: [DigitDetector.Digit] = []
        for duration in [160, 320, 480] as [UInt16] { if let digit = take(&detector, 5, at: 1_000, duration: duration) { digits.append(digit) } }
        for _ in 0..<3 { if let digit = take(&detector, 5, at: 1_000, duration: 640, isEnd: true) { digits.append(digit) } }
        // One that was overtaken by them.
        if let digit = take(&detector, 5, at: 1_000, duration: 480) { digits.append(digit) }
        #expect(digits.map(\.event) == [5] && digits.map(\.duration) == [640])
    }

    @Test("the same digit again is another one, and so is one whose beginning was lost")
    func again() {
        var detector = DigitDetector()
        #expect(take(&detector, 1, at: 1_000, duration: 800, isEnd: true)?.character == "1")
        #expect(take(&detector, 1, at: 3_000, duration: 800, isEnd: true)?.character == "1")
        #expect(take(&detector, 1, at: 1_000, duration: 800, isEnd: true) == nil, "a late one of before")
    }

    @Test("another source, and one that counts anew after a while, is heard though its timestamps are lower")
    func anotherSource() {
        var detector = DigitDetector()
        #expect(take(&detector, 1, at: 1_000_000, duration: 800, isEnd: true)?.character == "1")
        #expect(take(&detector, 2, at: 1_000, duration: 800, isEnd: true, ssrc: 8)?.character == "2")
        #expect(take(&detector, 3, at: 500, duration: 800, isEnd: true, now: 3_000_000, ssrc: 8)?.character == "3")
    }

    @Test("a digit whose end was lost comes with the next one, or when it has been silent")
    func lost() {
        var detector = DigitDetector()
        #expect(take(&detector, 10, at: 1_000, duration: 320) == nil)
        #expect(take(&detector, 11, at: 2_000, duration: 160) == .some(digit(10, 320)))
        #expect(detector.lapse(now: DigitDetector.longestSilence - 1) == nil)
        #expect(detector.lapse(now: DigitDetector.longestSilence)?.character == "#")
        #expect(detector.lapse(now: .max) == nil)
    }

    @Test("where the end of one was lost and the next one has ended, neither is")
    func both() {
        var detector = DigitDetector()
        #expect(take(&detector, 1, at: 1_000, duration: 320) == nil)
        #expect(take(&detector, 2, at: 2_000, duration: 800, isEnd: true)?.event == 1)
        #expect(take(&detector, 2, at: 2_000, duration: 800, isEnd: true)?.event == 2)
    }

    @Test("a payload that is too short is nothing")
    func short() {
        var detector = DigitDetector()
        let packet = Packet(payload: [1, 0x8a, 1])
        packet.read { memory, length in
            if let header = RTPHeader(memory, length: length) { #expect(detector.take(header, in: memory, now: 0) == nil) }
        }
    }

    @Test("each event has its character, or none", arguments: zip([0, 9, 10, 11, 12, 15, 16] as [UInt8], "09*#AD!"))
    func characters(event: UInt8, character: Character) {
        var detector = DigitDetector()
        #expect(take(&detector, event, at: 1, duration: 1, isEnd: true)?.character == character)
        #expect(take(&detector, 36, at: 2, duration: 1, isEnd: true)?.character == nil)
    }

    private func digit(_ event: UInt8, _ duration: UInt16) -> DigitDetector.Digit? {
        var detector = DigitDetector()
        return take(&detector, event, at: 1, duration: duration, isEnd: true)
    }
}

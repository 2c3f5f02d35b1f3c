import Testing

@testable import RTP

@Suite("The stream that a receiver gets")
struct StreamRewriterTests {
    private var rewriter = StreamRewriter(ssrc: 1, clockRate: 8_000, sequence: 65_535, timestamp: 1_000)

    private func take(_ rewriter: inout StreamRewriter, _ sequence: UInt16, _ timestamp: UInt32, ssrc: UInt32 = 7, at now: Int64) -> StreamRewriter.Output? {
        Packet(sequence: sequence, timestamp: timestamp, ssrc: ssrc).header.flatMap { rewriter.take($0, now: now) }
    }

    private func output(_ sequence: UInt16, _ timestamp: UInt32, marker: Bool = false) -> StreamRewriter.Output {
        .init(sequence: sequence, timestamp: timestamp, marker: marker)
    }

    @Test("begins at its own number and time, and goes on with the source's steps")
    func steps() {
        var rewriter = rewriter
        #expect(take(&rewriter, 10, 5_000, at: 0) == output(65_535, 1_000))
        #expect(take(&rewriter, 11, 5_160, at: 20_000) == output(0, 1_160))
        #expect(take(&rewriter, 14, 5_640, at: 80_000) == output(3, 1_640), "a loss stays a loss")
        #expect(take(&rewriter, 13, 5_480, at: 80_001) == output(2, 1_480), "and one that comes late comes late")
    }

    @Test("a mute of whatever length leaves no hole in the numbers, and time goes on")
    func mute() {
        var rewriter = rewriter
        _ = take(&rewriter, 10, 5_000, at: 0)
        rewriter.pause()
        // Eleven minutes: more packets than SRTP can guess over (RFC 3711 section 3.3.1).
        #expect(take(&rewriter, UInt16(truncatingIfNeeded: 10 + 33_000), 5_000 &+ 5_280_000, at: 660_000_000) == output(0, 1_000 + 5_280_000, marker: true))
        #expect(take(&rewriter, UInt16(truncatingIfNeeded: 10 + 33_001), 5_160 &+ 5_280_000, at: 660_020_000) == output(1, 1_160 + 5_280_000))
    }

    @Test("what comes late of before a mute is not sent: its number is another packet's")
    func lateOfBefore() {
        var rewriter = rewriter
        _ = take(&rewriter, 10, 5_000, at: 0)
        rewriter.pause()
        #expect(take(&rewriter, 20, 6_600, at: 200_000)?.sequence == 0)
        #expect(take(&rewriter, 19, 6_440, at: 200_001) == nil)
        #expect(take(&rewriter, 21, 6_760, at: 220_000)?.sequence == 1)
        #expect(take(&rewriter, 20, 6_600, at: 220_001)?.sequence == 0, "but of this part it is")
    }

    @Test("another source goes on with the numbers of the one before")
    func sources() {
        var rewriter = rewriter
        _ = take(&rewriter, 10, 5_000, at: 0)
        #expect(take(&rewriter, 900, 77, ssrc: 8, at: 20_000) == output(0, 1_160, marker: true))
        #expect(take(&rewriter, 901, 237, ssrc: 8, at: 40_000) == output(1, 1_320))
    }

    @Test("a source that begins to count anew is believed with its second packet")
    func jump() {
        var rewriter = rewriter
        _ = take(&rewriter, 10, 5_000, at: 0)
        #expect(take(&rewriter, 40_000, 9, at: 20_000) == nil)
        #expect(take(&rewriter, 40_001, 169, at: 40_000)?.sequence == 0)
        #expect(take(&rewriter, 40_002, 329, at: 60_000)?.sequence == 1)
    }

    @Test("numbers go round many times without a hole or a loss")
    func round() {
        var rewriter = rewriter
        var last: UInt16?
        for index in 0..<200_000 {
            let output = take(&rewriter, UInt16(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index * 160), at: Int64(index) * 20_000)
            if let last { #expect(output?.sequence == last &+ 1) }
            last = output?.sequence
        }
    }

    @Test("another clock begins a new part, whose gap is counted by it; the same clock changes nothing")
    func clocks() {
        var rewriter = rewriter
        _ = take(&rewriter, 10, 5_000, at: 0)
        rewriter.use(clockRate: 8_000)
        #expect(rewriter.parts == 1 && take(&rewriter, 11, 5_160, at: 20_000) == output(0, 1_160))
        rewriter.use(clockRate: 48_000)
        #expect(take(&rewriter, 12, 9_000, at: 40_000) == output(1, 1_160 + 960, marker: true))
        #expect(rewriter.parts == 2)
        #expect(rewriter.timestamp(at: 60_000) == 1_160 + 960 + 960)
    }

    @Test("a lost packet of video that is sent again stands where it was missing, and goes on counting as lost no more")
    func retransmission() {
        var rewriter = StreamRewriter(
            ssrc: 1, clockRate: 90_000, sequence: 500, timestamp: 0, longestDelay: StreamStatistics.longestVideoDelay)
        var statistics = StreamStatistics(clockRate: 90_000, longestDelay: StreamStatistics.longestVideoDelay)
        for sequence in (1...600).filter({ $0 != 100 && $0 != 101 }) + [100, 101, 601] as [UInt16] {
            guard let header = Packet(sequence: sequence, timestamp: 0).header else { continue }
            statistics.count(header, length: 1, now: 0)
            #expect(rewriter.take(header, now: 0)?.sequence == 499 &+ sequence)
        }
        #expect(rewriter.parts == 1 && statistics.restarts == 0 && statistics.lost == 0 && statistics.misordered == 2)
    }
}

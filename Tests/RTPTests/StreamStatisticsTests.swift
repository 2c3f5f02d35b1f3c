import RTP
import Testing

@Suite("What is counted of a stream")
struct StreamStatisticsTests {
    /// Counts packets of 20 ms with these numbers, each when it is due.
    private func counted(_ sequences: [UInt16], ssrc: UInt32 = 7, into statistics: StreamStatistics = StreamStatistics(clockRate: 8_000)) -> StreamStatistics {
        var statistics = statistics
        for (index, sequence) in sequences.enumerated() {
            guard let header = Packet(sequence: sequence, timestamp: UInt32(index) &* 160, ssrc: ssrc).header else { continue }
            statistics.count(header, length: 172, now: Int64(index) * 20_000)
        }
        return statistics
    }

    @Test("packets, bytes and nothing lost, also over the end of the numbers")
    func whole() {
        let statistics = counted([65_534, 65_535, 0, 1])
        #expect(statistics.packets == 4 && statistics.bytes == 688 && statistics.lost == 0 && statistics.expected == 4)
        #expect(statistics.highestSequence == 0x1_0001 && statistics.jitter == 0 && statistics.misordered == 0)
    }

    @Test("a gap is a loss, and one that comes late after all is none")
    func gaps() {
        #expect(counted([1, 2, 5]).lost == 2)
        let late = counted([1, 2, 5, 3, 4])
        #expect(late.lost == 0 && late.misordered == 2)
        #expect(counted([1, 2, 2]).lost == -1, "a duplicate counts against it")
    }

    @Test("another source begins anew, and what was lost of the former stays lost")
    func sources() {
        let statistics = counted([500, 501], ssrc: 8, into: counted([1, 3]))
        #expect(statistics.packets == 4 && statistics.lost == 1 && statistics.restarts == 1 && statistics.ssrc == 8)
    }

    @Test("a source that jumps has begun anew when its next packet follows; one stray packet is not believed")
    func jumps() {
        let begun = counted([1, 2, 40_000, 40_001, 40_002])
        #expect(begun.restarts == 1 && begun.lost == -1 + 1 - 1)
        let stray = counted([1, 2, 40_000, 3, 4])
        #expect(stray.restarts == 0 && stray.highestSequence == 4)
    }

    @Test("the loss of a report is that since the report before")
    func reports() {
        var statistics = counted([1, 2, 3, 5])
        #expect(statistics.report()?.fractionLost == UInt8(256 / 5))
        let again = statistics.report()
        #expect(again?.fractionLost == 0 && again?.lost == 1)
        var empty = StreamStatistics(clockRate: 0)
        #expect(empty.report() == nil)
    }

    @Test("jitter follows what RFC 3550 A.8 computes; packets of one telephone event make none")
    func jitter() {
        var statistics = StreamStatistics(clockRate: 8_000), expected = 0.0, before = 0.0
        let delays: [Int64] = [0, 5_000, 1_000, 9_000, 0, 0, 12_500]
        for (index, delay) in delays.enumerated() {
            guard let header = Packet(sequence: UInt16(index), timestamp: UInt32(index * 160)).header else { continue }
            statistics.count(header, length: 1, now: Int64(index) * 20_000 + delay)
            let transit = Double(delay) * 8 / 1_000
            if index > 0 { expected += (abs(transit - before) - expected) / 16 }
            before = transit
        }
        #expect(abs(Double(statistics.jitter) - expected) <= 1, "\(statistics.jitter) \(expected)")
        let jitter = statistics.jitter
        for sequence in 7..<20 as Range<UInt16> {
            guard let header = Packet(sequence: sequence, timestamp: 960).header else { continue }
            statistics.count(header, length: 1, now: Int64(sequence) * 20_000, isTimed: false)
        }
        #expect(statistics.jitter == jitter && statistics.lost == 0)
    }

    @Test("jitter of another clock begins anew")
    func clocks() {
        var statistics = StreamStatistics(clockRate: 8_000)
        for (sequence, timestamp, now) in [(1, 0, 0), (2, 160, 90_000)] as [(UInt16, UInt32, Int64)] {
            guard let header = Packet(sequence: sequence, timestamp: timestamp).header else { continue }
            statistics.count(header, length: 1, now: now)
        }
        #expect(statistics.jitter > 0)
        statistics.use(clockRate: 48_000)
        #expect(statistics.jitter == 0)
        for (sequence, timestamp, now) in [(3, 70_000, 100_000), (4, 70_960, 120_000)] as [(UInt16, UInt32, Int64)] {
            guard let header = Packet(sequence: sequence, timestamp: timestamp).header else { continue }
            statistics.count(header, length: 1, now: now)
        }
        #expect(statistics.jitter == 0 && statistics.packets == 4)
    }
}

@testable import RTP
import Testing

@Suite("What a line test measures of a stream")
struct StreamMeterTests {
    @Test("a stream without a fault: nothing but its packets, its packet time and an exact clock")
    func clean() throws {
        let figures = TestStream(1_500).figures
        #expect(figures.packets == 1_500 && figures.expected == 1_500 && figures.lost == 0 && figures.late == 0)
        #expect(figures.duplicates == 0 && figures.reordered == 0 && figures.bursts == 0 && figures.burstRatio == 1)
        #expect(figures.sourceChanges == 0 && figures.sequenceJumps == 0 && figures.timestampJumps == 0 && figures.silences == 0)
        #expect(figures.packetTime == 20 && figures.largestGap == 20 && figures.jitterMaximum == 0)
        #expect(abs(try #require(figures.clockSkew)) < 0.1)
        #expect(figures.payloadTypes == [.init(type: 0, packets: 1_500, isAgreed: true)])
    }

    @Test("before the first packet nothing is known")
    func nothing() {
        let figures = StreamMeter().figures
        #expect(figures == StreamFigures() && figures.jitterMean == nil && figures.largestGap == nil && figures.lossShare == nil)
    }

    @Test("5 % that are lost, 2 % that come twice and 3 % that come out of order are counted exactly")
    func impairments() {
        var dice = Dice(1), stream = TestStream(3_000)
        var lost = 0, twice = 0, reordered = 0
        var kept: [TestStream.Sent] = []
        for (index, packet) in stream.packets.enumerated() {
            let roll = Int.random(in: 0..<100, using: &dice)
            // The first and the last one show how many there are. A packet that is moved must be overtaken by one that is not.
            guard index > 0, index < stream.packets.count - 3, roll < 10, kept.last?.arrival == packet.arrival - 20_000 else {
                kept.append(packet)
                continue
            }
            switch roll {
            case 0..<5: lost += 1
            case 5..<7:
                twice += 1
                kept += [packet, packet]
            default:
                reordered += 1
                var late = packet
                late.arrival += 25_000
                kept.append(late)
            }
        }
        // Behind each packet that is moved stands one that comes before it.
        stream.packets = kept
        let order = kept.sorted { $0.arrival < $1.arrival }.map(\.sequence)
        var highest = order[0], passed = 0, seen: Set<UInt16> = []
        for sequence in order where seen.insert(sequence).inserted {
            if Int16(bitPattern: sequence &- highest) < 0 { passed += 1 } else { highest = sequence }
        }
        let figures = stream.figures
        #expect(lost > 60 && twice > 20 && reordered > 40)
        #expect(figures.expected == 3_000 && figures.lost == UInt64(lost) && figures.duplicates == UInt64(twice))
        #expect(figures.reordered == UInt64(passed) && passed > 20)
        #expect(figures.packets == UInt64(kept.count))
    }

    @Test("bursts and gaps are those of RFC 3611: sixteen packets that come end a burst, and one loss alone is none")
    func bursts() {
        var stream = TestStream(400)
        // A loss alone; three within fifteen of each other; two next to each other at the end of the window.
        let lost: Set<Int> = [50, 100, 110, 126, 200, 201]
        stream.packets = stream.packets.enumerated().filter { !lost.contains($0.offset) }.map(\.element)
        let figures = stream.figures
        #expect(figures.lost == 6 && figures.bursts == 2)
        #expect(figures.burstPackets == 27 + 2 && figures.burstLosses == 5 && figures.longestBurst == 27)
        #expect(figures.burstRatio.map { $0 > 1.15 && $0 < 1.2 } == true, "5 runs of 6 losses")
        stream.packets = TestStream(400).packets.enumerated().filter { ![100, 117].contains($0.offset) }.map(\.element)
        #expect(stream.figures.bursts == 0, "sixteen came between")
        stream.packets = TestStream(400).packets.enumerated().filter { ![100, 116].contains($0.offset) }.map(\.element)
        #expect(stream.figures.bursts == 1, "fifteen came between")
    }

    @Test("in a burst it is known which packets were late, and which were lost")
    func lateBursts() {
        var stream = TestStream(400)
        // Seven come 200 ms after the first of them was due; another two are lost soon after.
        for index in 200...206 { stream.packets[index].arrival = stream.packets[200].arrival &+ 200_000 + Int64(index - 200) }
        let late = stream.figures
        #expect(late.bursts == 1 && late.late == 7 && late.lost == 0 && late.burstLosses == 7 && late.burstLate == 7, "\(late)")
        stream.packets.removeAll { [65_000 &+ 210, 65_000 &+ 211].contains($0.sequence) }
        let both = stream.figures
        #expect(both.bursts == 1 && both.burstLosses == 9 && both.burstLate == 7 && both.lost == 2, "\(both)")
    }

    @Test("the kernel's times of packets are on the steady clock; those before a jump of the realtime clock, and implausible ones, count as read")
    func arrivals() {
        let day: Int64 = 86_400_000_000
        var clock = ArrivalClock()
        #expect(clock.arrival(day) == 0, "nothing is read yet")
        clock.read(realtime: day, monotonic: 5_000_000)
        #expect(clock.arrival(day - 3_000) == 4_997_000 && clock.arrival(day) == 5_000_000)
        #expect(clock.arrival(0) == 5_000_000 && clock.arrival(day + 1) == 5_000_000, "none, and one of the future")
        #expect(clock.arrival(day - 1_000_000) == 4_000_000 && clock.arrival(day - 1_000_001) == 5_000_000 && clock.arrival(-day) == 5_000_000)
        // It drifts.
        clock.read(realtime: day + 20_010, monotonic: 5_020_000)
        #expect(clock.arrival(day + 10) == 5_000_000)
        // It jumps half a second forth: packets that came before would be as old.
        clock.read(realtime: day + 540_000, monotonic: 5_040_000)
        #expect(clock.arrival(day + 30_000) == 5_040_000)
        clock.read(realtime: day + 560_000, monotonic: 5_060_000)
        #expect(clock.arrival(day + 45_000) == 5_060_000 && clock.arrival(day + 550_000) == 5_050_000)
        // And back.
        clock.read(realtime: day - 420_000, monotonic: 5_080_000)
        #expect(clock.arrival(day + 570_000) == 5_080_000)
    }

    @Test("delays of 0 to 20 ms by chance: jitter of a third of that, nothing late, and the clock is still known")
    func jitter() throws {
        var dice = Dice(2), stream = TestStream(1_500)
        for index in stream.packets.indices { stream.packets[index].arrival += .random(in: 0...20_000, using: &dice) }
        let figures = stream.figures
        let mean = try #require(figures.jitterMean), p95 = try #require(figures.jitter95), most = try #require(figures.jitterMaximum)
        #expect(mean > 6 && mean < 7.4, "\(mean)")
        #expect(p95 > mean && p95 < 9 && p95 <= most && most < 14)
        #expect(figures.late == 0 && figures.lost == 0)
        #expect(abs(try #require(figures.clockSkew)) < 15)
    }

    @Test("packets more than 60 ms behind the others are late, and lost packets for the quality; a slow rise of the delay is neither")
    func late() {
        var stream = TestStream(1_000)
        for index in [300, 301, 302, 500] { stream.packets[index].arrival += 75_000 }
        let figures = stream.figures
        #expect(figures.late == 4 && figures.lost == 0 && figures.lossShare == 0.004)
        var rising = TestStream(3_000)
        for index in rising.packets.indices { rising.packets[index].arrival += Int64(index) * 50 }
        #expect(rising.figures.late == 0, "150 ms within a minute")
    }

    @Test("a sender that drifts, with jitter: its skew within 20 ppm", arguments: [-400.0, -100, 200, 1_000])
    func skew(drift: Double) throws {
        var dice = Dice(3), stream = TestStream(1_500)
        for index in stream.packets.indices {
            let due = Double(index) * 20_000 / (1 + drift / 1e6)
            stream.packets[index].arrival = 1_000_000 + Int64(due) + .random(in: 0...5_000, using: &dice)
        }
        let figures = stream.figures
        #expect(abs(try #require(figures.clockSkew) - drift) < 20, "\(figures.clockSkew ?? 0)")
        #expect(try #require(figures.clockSkewError) < 20)
    }

    @Test("a few seconds say nothing about the clock, nor does a path whose delay wanders")
    func unknownSkew() {
        #expect(TestStream(300).figures.clockSkew == nil)
        var stream = TestStream(750)
        for index in stream.packets.indices { stream.packets[index].arrival += (index / 150).isMultiple(of: 2) ? 0 : 40_000 }
        #expect(stream.figures.clockSkew == nil)
    }

    @Test("the longest gap is that between two packets, without the silences that a sender leaves out")
    func gaps() {
        var stream = TestStream(500)
        stream.packets.removeSubrange(200..<210)
        #expect(stream.figures.largestGap == 220)
        var silent = TestStream(500)
        for index in 250..<500 {
            silent.packets[index].timestamp += 16_000
            silent.packets[index].arrival += 2_000_000
        }
        silent.packets[250].marker = true
        let figures = silent.figures
        #expect(figures.largestGap == 20 && figures.silences == 1 && figures.timestampJumps == 0)
    }

    @Test("another SSRC, other numbers and other timestamps are changes, each once")
    func changes() {
        var stream = TestStream(600)
        for index in 200..<600 { stream.packets[index].ssrc = 8 }
        for index in 300..<600 { stream.packets[index].sequence &+= 20_000 }
        for index in 400..<600 { stream.packets[index].timestamp &+= 8_000 }
        for index in 500..<600 { stream.packets[index].timestamp &-= 900_000 }
        let figures = stream.figures
        #expect(figures.sourceChanges == 1 && figures.sequenceJumps == 1 && figures.timestampJumps == 2)
        // The packet that shows the jump first is not counted as one of either stream.
        #expect(figures.lost == 0 && figures.expected == 599)
    }

    @Test("payload types are all seen, also those that were not agreed; telephone events make no jitter")
    func payloadTypes() {
        var stream = TestStream(300)
        for index in 100..<110 {
            stream.packets[index].type = 101
            stream.packets[index].isEvent = true
            stream.packets[index].timestamp = 16_000
        }
        stream.packets[200].type = 13
        stream.packets[200].isAgreed = false
        let figures = stream.figures
        #expect(figures.payloadTypes == [
            .init(type: 0, packets: 289, isAgreed: true), .init(type: 13, packets: 1, isAgreed: false),
            .init(type: 101, packets: 10, isAgreed: true),
        ])
        #expect(figures.comfortNoise == 1 && figures.timestampJumps == 0 && figures.largestGap == 20)
        #expect(figures.jitterMaximum.map { $0 < 0.01 } == true)
    }

    @Test("the packet time is the usual one", arguments: [10, 20, 30, 60])
    func packetTime(length: Int) {
        #expect(TestStream(200, length: length).figures.packetTime == length)
    }

    @Test("packets of any numbers, at any time, trap nothing, and all of them are counted")
    func chaos() {
        var dice = Dice(4), stream = TestStream(20_000)
        for index in stream.packets.indices {
            if Bool.random(using: &dice) { stream.packets[index].sequence = .random(in: 0...UInt16.max, using: &dice) }
            if Bool.random(using: &dice) { stream.packets[index].timestamp = .random(in: 0...UInt32.max, using: &dice) }
            if Int.random(in: 0..<50, using: &dice) == 0 { stream.packets[index].ssrc = .random(in: 0...UInt32.max, using: &dice) }
            stream.packets[index].type = .random(in: 96...127, using: &dice)
            stream.packets[index].marker = .random(using: &dice)
            stream.packets[index].arrival = .random(in: 0...(1 << 50), using: &dice)
        }
        let figures = stream.figures
        #expect(figures.packets == 20_000 && figures.payloadTypes.count == 32)
    }
}

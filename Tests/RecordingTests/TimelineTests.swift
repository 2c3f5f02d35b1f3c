@testable import Recording
import Testing

/// The place of each packet in milliseconds, in the order in which they come out.
private func places(_ packets: [(RTPPacket, arrival: Int64)]) -> [Int64] {
    var queue = PacketQueue(rate: 8_000, tolerance: 60)
    var placed: [PacketQueue.Placed] = []
    for (packet, arrival) in packets { placed += queue.take(packet, arrival: arrival) }
    placed += queue.flush()
    return placed.map { $0.position / 8 }
}

/// Every 20 ms from `first` on.
private func steps(_ count: Int, from first: Int = 0) -> [Int64] { (0..<count).map { Int64(first + $0 * 20) } }

@Suite("Time line") struct TimelineTests {
    @Test("packets that jitter lie where their timestamps say")
    func jitter() {
        let packets = (0..<50).map { number in
            let jitter = number * 7 % 30
            return (Sample.packet(number), arrival: Int64(100 + number * 20 + jitter))
        }
        #expect(places(packets) == steps(50, from: 100))
    }

    @Test("packets out of order are put in order, and the second of two is left out")
    func order() {
        let numbers = [0, 2, 1, 3, 3, 5, 4]
        let packets = numbers.enumerated().map { index, number in (Sample.packet(number), arrival: Int64(index * 20)) }
        #expect(places(packets).count == 6)
        #expect(places(packets) == places(packets).sorted())
    }

    @Test("numbers and timestamps that wrap go on")
    func wrap() {
        let packets = (0..<20).map { number in
            let timestamp = UInt32.max &- 800 &+ UInt32(number * 160)
            return (Sample.packet(65_530 + number, timestamp: timestamp), arrival: Int64(number * 20))
        }
        #expect(places(packets) == steps(20))
    }

    @Test("a hold during which the timestamps stood still is a gap as long as it was")
    func standingTimestamps() {
        let packets = (0..<100).map { number in
            let hold = number < 50 ? 0 : 5_000
            return (Sample.packet(number), arrival: Int64(number * 20 + hold))
        }
        #expect(places(packets) == packets.map(\.arrival))
    }

    @Test("a pause in which the timestamps went on is a gap as well")
    func pause() {
        let packets = (0..<100).map { number in
            let pause = number < 50 ? 0 : 3_000
            return (Sample.packet(number, timestamp: UInt32(number * 160 + pause * 8)), arrival: Int64(number * 20 + pause))
        }
        #expect(places(packets) == packets.map(\.arrival))
    }

    @Test("packets that a stalled network delivers all at once lie where they were said")
    func burst() {
        let packets = (0..<200).map { number in
            let arrival = (50..<150).contains(number) ? 3_000 : number * 20
            return (Sample.packet(number), arrival: Int64(arrival))
        }
        #expect(places(packets) == steps(200))
    }

    @Test("a clock that is slow does not lead out of sync", arguments: [0.98, 1.02])
    func drift(speed: Double) {
        let packets = (0..<3_000).map { number in
            let time = Double(number * 20) * speed
            return (Sample.packet(number), arrival: Int64(time))
        }
        let differences = zip(places(packets), packets).map { place, packet in abs(place - packet.arrival) }
        #expect(differences.count == 3_000 && differences.allSatisfy { $0 <= 60 })
    }

    @Test("a part lies where its clock says, and behind the part before where the clock was set meanwhile", arguments: [
        (4_000, 3_900, 10_000, 4_000), (3_700, 3_900, 10_000, 3_700), (3_604_000, 3_900, 10_000, 3_900), (-3_596_000, 3_900, 10_000, 3_900),
        (-50, 0, 10_000, 0), (3_600_000, 0, nil, 3_600_000),
    ] as [(Int64, Int64, Int?, Int64)])
    func clockIsSet(offset: Int64, end: Int64, length: Int?, place: Int64) {
        #expect(TrackPreparation.place(offset, after: end, length: length) == place)
    }

    @Test("who is slow to begin is in time once it is not")
    func slowBeginning() {
        let packets = (0..<200).map { number in (Sample.packet(number), arrival: Int64(number * 20 + (number < 75 ? 55 : 0))) }
        let places = places(packets)
        #expect(zip(places.dropFirst(80), packets.dropFirst(80)).allSatisfy { $0 == $1.arrival })
    }

    @Test("timestamps that jump anywhere cost no time", arguments: [UInt32(0x7000_0000), 0x9000_0000, 1_000_000])
    func jump(offset: UInt32) {
        let packets = (0..<100).map { number in
            let jump: UInt32 = number < 50 ? 0 : offset
            return (Sample.packet(number, timestamp: UInt32(number * 160) &+ jump), arrival: Int64(number * 20))
        }
        #expect(places(packets) == packets.map(\.arrival))
    }

    @Test("a sender that begins anew with other numbers is heard")
    func restart() {
        let packets = (0..<100).map { number in
            let own = number < 50 ? number + 20_000 : number
            return (Sample.packet(own), arrival: Int64(number * 20))
        }
        #expect(places(packets) == packets.map(\.arrival))
    }
}

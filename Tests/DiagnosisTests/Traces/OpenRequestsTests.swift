@testable import Diagnosis
import Events
import Testing
import TestRandom

@Suite struct OpenRequestsTests {
    private static let request = OpenRequests.Request(command: "start_call", entry: nil, subjects: [])

    private func key(_ number: Int) -> OpenRequests.Key { OpenRequests.Key(peer: "client", isOurs: false, id: "\(number)") }

    @Test("what is closed leaves nothing behind, beside one that stays open")
    func closed() {
        var requests = OpenRequests(most: 4_000, memory: .max)
        requests.open(key(0), Self.request)
        for number in 1..<8_000 {
            requests.open(key(number), Self.request)
            requests.close(key(number))
            #expect(requests.keys <= 40)
        }
        #expect(requests.count == 1)
        #expect(requests.look(key(0)) != nil)
    }

    @Test("where there are too many the oldest go; one that is opened again is no longer old")
    func most() {
        var requests = OpenRequests(most: 100, memory: .max)
        for number in 0..<100 { requests.open(key(number), Self.request) }
        requests.open(key(0), Self.request)
        for number in 100..<199 { requests.open(key(number), Self.request) }
        #expect(requests.count == 100)
        #expect(requests.look(key(0)) != nil)
        for number in 1..<100 { #expect(requests.look(key(number)) == nil) }
        for number in 200..<10_000 { requests.open(key(number), Self.request) }
        #expect(requests.count == 100)
        #expect(requests.keys <= 232)
    }

    @Test("whatever is opened, opened again and closed: what is open is right, and so is its memory")
    func any() throws {
        var random = SeededRandom("open requests")
        var requests = OpenRequests(most: 40, memory: 20_000), opened = 0
        var all: [(key: OpenRequests.Key, entry: TraceEntry?, number: Int)] = []
        for step in 0..<20_000 {
            let next = key(Int.random(in: 0..<100, using: &random))
            all.removeAll { $0.key == next }
            if Int.random(in: 0..<3, using: &random) > 0 {
                let text = String(repeating: "x", count: Int.random(in: 0..<2_000, using: &random))
                let event = Event(time: EventTime(microseconds: step), .client("client"), .api(APIMessage(isSent: false, user: "alice", address: "", text: text)))
                let entry = Bool.random(using: &random) ? TraceEntry(step, event) : nil
                requests.open(next, OpenRequests.Request(command: "start_call", entry: entry, subjects: []))
                opened += 1
                all.append((next, entry, opened))
                while all.first.map({ opened - $0.number >= 80 }) == true || all.count > 40 || all.reduce(0, { $0 + ($1.entry?.cost ?? 0) }) > 20_000 { all.removeFirst() }
                try #require(requests.keys <= 2 * requests.count + 32)
            } else {
                requests.close(next)
            }
            try #require(requests.count == all.count)
            try #require(requests.memory == all.reduce(0) { $0 + ($1.entry?.cost ?? 0) })
            for one in all { try #require(requests.look(one.key)?.entry === one.entry) }
        }
    }

    @Test("one that never gets its answer goes when many have come after it")
    func unanswered() {
        var requests = OpenRequests(most: 100, memory: .max)
        requests.open(key(0), Self.request)
        for number in 1..<200 {
            requests.open(key(number), Self.request)
            requests.close(key(number))
        }
        #expect(requests.look(key(0)) != nil)
        requests.open(key(200), Self.request)
        #expect(requests.look(key(0)) == nil)
    }
}

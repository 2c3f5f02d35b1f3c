import Testing

@testable import Calls

@Suite("Strangers' calls")
struct StrangerCallsTests {
    private var limits: StrangerLimits {
        var limits = StrangerLimits()
        (limits.perAddress, limits.perPrefix, limits.unacknowledged) = (4, 6, 8)
        (limits.unacknowledgedPerAddress, limits.unacknowledgedPerPrefix) = (2, 3)
        return limits
    }

    /// Calls from there as long as there is room, up to `most`.
    private func fill(_ strangers: inout StrangerCalls, from address: String, most: Int = 100, isProven: Bool = false, acknowledge: Bool) -> Int {
        var count = 0
        while count < most, strangers.hasRoom(for: address, isProven: isProven) {
            let id = "\(address)-\(strangers.count)-\(count)"
            strangers.insert(id, from: address)
            strangers.answer(id)
            if acknowledge { strangers.acknowledge(id) }
            count += 1
        }
        return count
    }

    @Test("an address has a few calls, its network a few more, and others are not concerned")
    func sources() {
        var strangers = StrangerCalls(limits)
        #expect(fill(&strangers, from: "192.0.2.1", acknowledge: true) == 4)
        #expect(fill(&strangers, from: "192.0.2.2", acknowledge: true) == 2)
        #expect(fill(&strangers, from: "192.0.2.3", acknowledge: true) == 0)
        #expect(fill(&strangers, from: "192.0.3.1", acknowledge: true) == 4)
        #expect(fill(&strangers, from: "2001:db8::1", acknowledge: true) == 4)
        #expect(fill(&strangers, from: "2001:db8:0:0:ffff::1", acknowledge: true) == 0)
        #expect(fill(&strangers, from: "2001:db8:0:1::1", acknowledge: true) == 2)
        #expect(fill(&strangers, from: "2001:db8:0:2::1", acknowledge: true) == 0)
        #expect(fill(&strangers, from: "2001:db8:1::1", acknowledge: true) == 4)
    }

    @Test("what nobody acknowledges is counted apart, and few: an address that has acknowledged something still has room")
    func unacknowledged() {
        var strangers = StrangerCalls(limits)
        #expect(fill(&strangers, from: "192.0.2.1", acknowledge: false) == 2)
        #expect(fill(&strangers, from: "192.0.2.2", acknowledge: false) == 1)
        #expect(strangers.hasRoom(for: "192.0.2.2", isProven: true))
        for network in 3...10 { _ = fill(&strangers, from: "192.0.\(network).1", acknowledge: false) }
        #expect(strangers.count == 8)
        #expect(!strangers.hasRoom(for: "198.51.100.1", isProven: false) && strangers.hasRoom(for: "198.51.100.1", isProven: true))
    }

    @Test("an ACK and an end make room again, and nothing is left")
    func room() {
        var strangers = StrangerCalls(limits)
        for id in ["a", "b"] {
            strangers.insert(id, from: "192.0.2.1")
            strangers.insert(id, from: "192.0.2.1")
            strangers.answer(id)
        }
        #expect(!strangers.hasRoom(for: "192.0.2.1", isProven: false))
        strangers.acknowledge("a")
        #expect(strangers.hasRoom(for: "192.0.2.1", isProven: false))
        for id in ["a", "b", "b", "nobody"] { strangers.remove(id) }
        #expect(strangers.count == 0)
        #expect(fill(&strangers, from: "192.0.2.1", acknowledge: false) == 2)
    }

    @Test("a ringing call waits for no ACK, nor does one that came by a transfer")
    func ringing() {
        var strangers = StrangerCalls(limits)
        for id in 0..<3 { strangers.insert("rings \(id)", from: "192.0.2.1") }
        #expect(strangers.hasRoom(for: "192.0.2.1", isProven: false))
        for id in 0..<20 {
            strangers.insert("transferred \(id)", from: nil)
            strangers.answer("transferred \(id)")
        }
        #expect(strangers.hasRoom(for: "192.0.2.1", isProven: false))
    }
}

import Testing

@testable import SIP

@Suite("Bounds of connections and of log lines")
struct ConnectionBoundsTests {
    private func connections(_ counts: (String, Int)...) -> [ConnectionBounds.Connection] {
        var next: Int32 = 10
        return counts.flatMap { address, count in
            (0..<count).map { _ in
                next += 1
                return ConnectionBounds.Connection(descriptor: next, address: address)
            }
        }
    }

    @Test("an address loses what it opened last beyond its share, and nobody else anything")
    func share() {
        let all = connections(("192.0.2.1", 5), ("192.0.2.2", 2))
        let surplus = ConnectionBounds.surplus(of: all.reversed(), perAddress: 3, inAll: 100)
        #expect(surplus.map(\.descriptor) == [14, 15])
        #expect(ConnectionBounds.surplus(of: all, perAddress: 5, inAll: 7).isEmpty)
        #expect(ConnectionBounds.surplus(of: [], perAddress: 1, inAll: 1).isEmpty)
    }

    @Test("where there are too many in all those that have most lose the last ones")
    func total() {
        let all = connections(("192.0.2.1", 3), ("192.0.2.2", 1), ("192.0.2.3", 3))
        let surplus = ConnectionBounds.surplus(of: all, perAddress: 10, inAll: 4)
        #expect(surplus.map(\.descriptor) == [17, 13, 16])
    }

    @Test("lines beyond the budget are left out and counted, and the next second has room again")
    func budget() {
        let start = ContinuousClock.now
        var budget = LineBudget(perSecond: 2)
        let first = (1...5).map { _ in budget.admit(at: start) }
        #expect(first.map(\.isAdmitted) == [true, true, false, false, false] && first.allSatisfy { $0.omitted == 0 })
        let next = budget.admit(at: start + .seconds(1))
        #expect(next.isAdmitted && next.omitted == 3)
        #expect(budget.admit(at: start + .seconds(1)).omitted == 0)
    }
}

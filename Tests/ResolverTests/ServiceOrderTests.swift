import Testing
@testable import Resolver

@Suite("The order of SRV targets")
struct ServiceOrderTests {
    private func record(_ priority: Int, _ weight: Int, _ port: Int) -> ServiceRecord {
        ServiceRecord(priority: priority, weight: weight, port: port, target: .root)
    }

    @Test("priorities first; within one the draw decides, as in RFC 2782")
    func drawn() {
        let records = [record(2, 0, 5), record(1, 10, 1), record(1, 0, 2), record(1, 30, 3), record(1, 60, 4)]
        var ranges: [ClosedRange<Int>] = []
        var draws = [41, 0, 11]
        let ports = ServiceOrder.ordered(records) {
            ranges.append($0)
            return draws.removeFirst()
        }.map(\.port)
        // Sums: 0, 10, 40, 100: 41 is the last. Then 0, 10, 40: 0 is the first. Then 10, 40: 11 is the second.
        #expect(ports == [4, 2, 3, 1, 5])
        #expect(ranges == [0...100, 0...40, 0...40])
    }

    @Test("each is first as often as its weight says")
    func shares() {
        let records = [record(1, 1, 1), record(1, 3, 2)]
        var firsts = [Int: Int]()
        for chosen in [0, 1, 2, 3, 4] {
            let first = ServiceOrder.ordered(records) { $0.contains(chosen) ? chosen : 0 }.first?.port ?? 0
            firsts[first, default: 0] += 1
        }
        #expect(firsts == [1: 2, 2: 3])
    }

    @Test("weights of the greatest size and equal records lose nobody")
    func extremes() {
        let records = (0..<32).map { record(65_535, 65_535, $0) }
        #expect(Set(ServiceOrder.ordered(records) { $0.upperBound }.map(\.port)) == Set(0..<32))
        #expect(ServiceOrder.ordered([]) { $0.lowerBound }.isEmpty)
    }
}

import Testing
@testable import Resolver

@Suite("Hops that failed")
struct FailedHopsTests {
    private let start = ContinuousClock.now
    private let hops = (1...4).map { Hop(transport: .udp, address: "192.0.2.\($0)", port: 5_060, serverName: "a.test") }

    private func order(_ failed: FailedHops, after seconds: Int) -> [String] {
        failed.ordered(hops, at: start + .seconds(seconds)).map { String($0.address.suffix(1)) }
    }

    @Test("they are last for a minute, whatever name led to them")
    func last() {
        var failed = FailedHops()
        failed.markFailed(hops[0], at: start)
        var other = hops[2]
        other.serverName = "b.test"
        failed.markFailed(other, at: start + .seconds(30))
        #expect(order(failed, after: 31) == ["2", "4", "1", "3"])
        #expect(order(failed, after: 60) == ["1", "2", "4", "3"])
        #expect(order(failed, after: 90) == ["1", "2", "3", "4"])
    }

    @Test("another port or transport of the same address is another hop")
    func others() {
        var failed = FailedHops()
        failed.markFailed(Hop(transport: .tcp, address: "192.0.2.1", port: 5_060, serverName: "a.test"), at: start)
        failed.markFailed(Hop(transport: .udp, address: "192.0.2.1", port: 5_061, serverName: "a.test"), at: start)
        #expect(order(failed, after: 1) == ["1", "2", "3", "4"])
    }

    @Test("when all have failed all are tried")
    func all() {
        var failed = FailedHops()
        for hop in hops.reversed() { failed.markFailed(hop, at: start) }
        #expect(order(failed, after: 1) == ["1", "2", "3", "4"])
    }

    @Test("the memory is bounded, and the oldest goes")
    func bound() {
        var failed = FailedHops()
        failed.markFailed(hops[0], at: start)
        for port in 1...FailedHops.maximumCount {
            failed.markFailed(Hop(transport: .tcp, address: "192.0.2.9", port: port, serverName: "a.test"), at: start + .seconds(1))
        }
        failed.markFailed(hops[1], at: start + .seconds(2))
        #expect(order(failed, after: 3) == ["1", "3", "4", "2"])
    }
}

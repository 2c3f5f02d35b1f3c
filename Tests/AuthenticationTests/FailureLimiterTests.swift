@testable import Authentication
import Testing

@Suite("Limits for who guesses passwords")
struct FailureLimiterTests {
    private let start = ContinuousClock.now

    private func fail(
        _ limiter: inout FailureLimiter, _ count: Int, address: String = "192.0.2.1", user: String? = nil, at time: Duration = .zero
    ) -> [FailureLimiter.Verdict] {
        (0..<count).map { _ in limiter.failed(address: address, user: user, now: start + time) }
    }

    @Test("five failures in a minute slow an address down, ever more, and twenty shut it out for ten minutes")
    func address() {
        var limiter = FailureLimiter()
        let verdicts = fail(&limiter, 20)
        #expect(verdicts.prefix(4).allSatisfy { $0 == .allow })
        #expect(Array(verdicts[4..<9]) == [500, 1_000, 2_000, 4_000, 8_000].map { .delay(.milliseconds($0)) })
        #expect(verdicts[9..<19].allSatisfy { $0 == .delay(.seconds(8)) })
        let end = start + .seconds(600)
        #expect(verdicts[19] == .shutOut(until: end))
        #expect(limiter.verdict(address: "192.0.2.1", now: start + .seconds(599)) == .shutOut(until: end))
        #expect(limiter.failed(address: "192.0.2.1", now: start + .seconds(599)) == .shutOut(until: end))
        #expect(limiter.verdict(address: "192.0.2.1", now: end) == .allow)
        #expect(limiter.verdict(address: "192.0.2.2", now: start) == .allow)
    }

    @Test("an address that is shut out is told with the reason, as long as it is")
    func shutOuts() {
        var limiter = FailureLimiter()
        _ = fail(&limiter, 19)
        #expect(limiter.shutOuts(now: start).isEmpty)
        _ = fail(&limiter, 1, user: "alice", at: .seconds(1))
        _ = fail(&limiter, 20, address: "2001:db8::1", at: .seconds(2))
        let first = FailureLimiter.ShutOut(source: "192.0.2.1", until: start + .seconds(601), failures: 20, user: "alice")
        #expect(limiter.shutOuts(now: start + .seconds(3)).map(\.source).count == 2 && limiter.shutOuts(now: start + .seconds(3)).last == first)
        #expect(limiter.shutOut(address: "192.0.2.1", now: start + .seconds(3)) == first)
        #expect(limiter.shutOuts(now: start + .seconds(602)).isEmpty && limiter.shutOut(address: "192.0.2.1", now: start + .seconds(601)) == nil)
    }

    @Test("failures are forgotten after a minute")
    func forgets() {
        var limiter = FailureLimiter()
        _ = fail(&limiter, 19)
        #expect(limiter.verdict(address: "192.0.2.1", now: start + .milliseconds(59_999)) == .delay(.seconds(8)))
        #expect(limiter.verdict(address: "192.0.2.1", now: start + .seconds(60)) == .allow)
        #expect(fail(&limiter, 1, at: .seconds(60)) == [.allow])
    }

    @Test("a user whose password is guessed from many addresses is slowed down, and never shut out")
    func user() {
        var limiter = FailureLimiter()
        for number in 0..<100 { _ = limiter.failed(address: "192.0.2.\(number)", user: "alice", now: start) }
        #expect(limiter.verdict(address: "198.51.100.1", user: "alice", now: start) == .delay(.seconds(8)))
        #expect(limiter.verdict(address: "198.51.100.1", user: "bob", now: start) == .allow)
        #expect(limiter.verdict(address: "198.51.100.1", now: start) == .allow)
    }

    @Test("an address of IPv6 counts by its network, in whatever way it is written")
    func networks() {
        var limiter = FailureLimiter()
        for number in 0..<20 { _ = limiter.failed(address: "2001:db8:0:1::\(number)", now: start) }
        #expect(limiter.verdict(address: "[2001:DB8:0:1:ffff::1]", now: start) == .shutOut(until: start + .seconds(600)))
        #expect(limiter.verdict(address: "2001:db8:0:2::1", now: start) == .allow)
        #expect(SourceNetwork.name(of: "::ffff:192.0.2.1") == "192.0.2.1")
        #expect(SourceNetwork.name(of: "no address: at all") == "no address: at all")
    }

    @Test("many addresses with a few failures each do not push out one with many, and the table stays bounded")
    func eviction() {
        var configuration = FailureLimiter.Configuration()
        configuration.maximumEntries = 80
        var limiter = FailureLimiter(configuration: configuration)
        _ = fail(&limiter, 19, address: "attacker")
        _ = fail(&limiter, 20, address: "shut out")
        for number in 0..<2_000 { _ = fail(&limiter, 2, address: "cheap\(number)", user: "name\(number)") }
        #expect(limiter.verdict(address: "attacker", now: start) == .delay(.seconds(8)))
        #expect(limiter.verdict(address: "shut out", now: start) == .shutOut(until: start + .seconds(600)))
        var table = FailureTable(limit: 80, window: .seconds(60))
        for number in 0..<2_000 {
            _ = table.add("\(number)", now: start + .milliseconds(number))
            #expect(table.count <= 80)
        }
        #expect(table.failures(of: "1999", now: start + .seconds(2)) == 1)
    }

    @Test("names of any length and kind do no harm")
    func names() {
        var limiter = FailureLimiter()
        _ = limiter.failed(address: String(repeating: ":", count: 100_000), user: String(repeating: "x", count: 100_000), now: start)
        _ = limiter.failed(address: "", user: "", now: start)
        #expect(limiter.verdict(address: "", user: "", now: start) == .allow)
    }
}

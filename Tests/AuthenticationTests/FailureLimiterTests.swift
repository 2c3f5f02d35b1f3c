@testable import Authentication
import Testing

@Suite("Limits for who guesses passwords")
struct FailureLimiterTests {
    private let start = ContinuousClock.now

    private func fail(
        _ limiter: inout FailureLimiter, _ count: Int, address: String = "192.0.2.1", user: String = "alice", at time: Duration = .zero
    ) -> [FailureLimiter.Verdict] {
        (0..<count).map { _ in limiter.failed(address: address, user: user, now: start + time).verdict }
    }

    private func verdict(_ limiter: FailureLimiter, _ address: String = "192.0.2.1", user: String = "alice", at time: Duration = .zero) -> FailureLimiter.Verdict {
        limiter.verdict(address: address, user: user, now: start + time)
    }

    @Test("five failures in a minute slow a user at an address down, ever more, and twenty ban it there for ten minutes; others there log in")
    func pair() {
        var limiter = FailureLimiter()
        let verdicts = fail(&limiter, 20)
        #expect(verdicts.prefix(4).allSatisfy { $0 == .allow })
        #expect(Array(verdicts[4..<9]) == [500, 1_000, 2_000, 4_000, 8_000].map { .delay(.milliseconds($0)) })
        #expect(verdicts[9..<19].allSatisfy { $0 == .delay(.seconds(8)) })
        let end = start + .seconds(600)
        #expect(verdicts[19] == .banned(until: end))
        #expect(verdict(limiter, at: .seconds(599)) == .banned(until: end))
        #expect(fail(&limiter, 1, at: .seconds(599)) == [.banned(until: end)])
        #expect(verdict(limiter, at: .seconds(600)) == .allow)
        // Behind the same NAT, and from elsewhere.
        #expect(verdict(limiter, user: "bob") == .delay(.seconds(8)) && verdict(limiter, user: "bob", at: .seconds(61)) == .allow)
        #expect(verdict(limiter, "192.0.2.2", at: .seconds(61)) == .allow)
    }

    @Test("an address that tries many users is banned itself; few users are not enough, however often")
    func address() {
        var limiter = FailureLimiter()
        var bans: [FailureLimiter.Ban] = []
        for number in 0..<19 { if let ban = limiter.failed(address: "192.0.2.1", user: "name\(number)", now: start).ban { bans.append(ban) } }
        #expect(bans.isEmpty && verdict(limiter, user: "bob") != .banned(until: start + .seconds(600)))
        let ban = limiter.failed(address: "192.0.2.1", user: "name19", now: start).ban
        #expect(ban == FailureLimiter.Ban(source: "192.0.2.1", user: nil, until: start + .seconds(600), failures: 20))
        #expect(verdict(limiter, user: "bob") == .banned(until: start + .seconds(600)))
        var other = FailureLimiter()
        for number in 0..<60 { #expect(other.failed(address: "192.0.2.9", user: "name\(number % 9)", now: start + .seconds(number % 3)).ban?.user != .some(nil)) }
        #expect(other.verdict(address: "192.0.2.9", user: "bob", now: start) == .delay(.seconds(8)))
    }

    @Test("who has proven a password at an address within the day, or is known there, is never banned from it, whatever others do there")
    func proven() {
        var limiter = FailureLimiter()
        limiter.proved(address: "192.0.2.1", user: "alice", now: start)
        #expect(fail(&limiter, 40).last == .delay(.seconds(8)))
        for number in 0..<40 { _ = limiter.failed(address: "192.0.2.1", user: "name\(number)", now: start + .seconds(120)) }
        #expect(verdict(limiter, user: "bob", at: .seconds(120)) == .banned(until: start + .seconds(720)))
        #expect(verdict(limiter, at: .seconds(181)) == .allow)
        #expect(limiter.verdict(address: "192.0.2.1", user: "bob", isKnown: true, now: start + .seconds(181)) == .allow)
        // A day later it is one of many again; elsewhere it always was.
        #expect(fail(&limiter, 20, at: .seconds(86_401)).last == .banned(until: start + .seconds(87_001)))
        limiter.proved(address: "192.0.2.2", user: "alice", now: start)
        #expect(fail(&limiter, 20, address: "192.0.2.3").last == .banned(until: start + .seconds(600)))
        var known = FailureLimiter()
        for _ in 0..<40 { #expect(known.failed(address: "192.0.2.1", user: "alice", isKnown: true, now: start).ban == nil) }
    }

    @Test("bans are told once and listed; one is lifted by its address or its user, or all are")
    func lifting() {
        var limiter = FailureLimiter()
        #expect((0..<25).compactMap { _ in limiter.failed(address: "192.0.2.1", user: "alice", now: start).ban }.map(\.user) == ["alice"])
        _ = fail(&limiter, 20, user: "bob", at: .seconds(1))
        _ = fail(&limiter, 20, address: "2001:db8::1", at: .seconds(2))
        let time = start + .seconds(3)
        #expect(limiter.bans(now: time).map(\.source) == ["2001:db8::/64", "192.0.2.1", "192.0.2.1"])
        #expect(limiter.lift(address: "192.0.2.1", user: "carol", now: time).isEmpty)
        #expect(limiter.lift(address: "192.0.2.1", user: "alice", now: time).map(\.user) == ["alice"])
        #expect(verdict(limiter, at: .seconds(70)) == .allow && verdict(limiter, user: "bob", at: .seconds(3)) != .allow)
        #expect(limiter.lift(address: "2001:db8::ffff", now: time).count == 1)
        #expect(limiter.lift(address: nil, now: time).map(\.user) == ["bob"] && limiter.bans(now: time).isEmpty)
        _ = fail(&limiter, 20, user: "carol", at: .seconds(100))
        #expect(limiter.lift(address: limiter.bans(now: start + .seconds(100)).first?.source, now: start + .seconds(100)).count == 1)
    }

    @Test("failures are forgotten after a minute")
    func forgets() {
        var limiter = FailureLimiter()
        _ = fail(&limiter, 19)
        #expect(verdict(limiter, at: .milliseconds(59_999)) == .delay(.seconds(8)))
        #expect(verdict(limiter, at: .seconds(60)) == .allow)
        #expect(fail(&limiter, 1, at: .seconds(60)) == [.allow])
    }

    @Test("a user whose password is guessed from many addresses is slowed down, and never banned")
    func user() {
        var limiter = FailureLimiter()
        for number in 0..<100 { _ = limiter.failed(address: "192.0.2.\(number)", user: "alice", now: start) }
        #expect(verdict(limiter, "198.51.100.1") == .delay(.seconds(8)))
        #expect(verdict(limiter, "198.51.100.1", user: "bob") == .allow)
    }

    @Test("an address of IPv6 counts by its network, in whatever way it is written, with a port or without")
    func networks() {
        var limiter = FailureLimiter()
        for number in 0..<20 { _ = limiter.failed(address: "2001:db8:0:1::\(number)", user: "alice", now: start) }
        #expect(verdict(limiter, "[2001:DB8:0:1:ffff::1]") == .banned(until: start + .seconds(600)))
        #expect(verdict(limiter, "[2001:DB8:0:1:ffff::1]:5060") == .banned(until: start + .seconds(600)))
        #expect(verdict(limiter, "2001:db8:0:2::1") == .delay(.seconds(8)))
        for (address, name) in [
            ("::ffff:192.0.2.1", "192.0.2.1"), ("192.0.2.1:5060", "192.0.2.1"), ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
            ("2001:db8:0:1::/64", "2001:db8:0:1::/64"), ("no address: at all", "no address: at all"),
        ] {
            #expect(Login.source(of: address) == name)
        }
    }

    @Test("many addresses with a few failures each do not push out one with many, and all tables stay bounded")
    func eviction() {
        var configuration = FailureLimiter.Configuration()
        configuration.maximumEntries = 80
        var limiter = FailureLimiter(configuration: configuration)
        _ = fail(&limiter, 19, address: "attacker", user: "x")
        _ = fail(&limiter, 20, address: "banned", user: "y")
        for number in 0..<2_000 { _ = fail(&limiter, 2, address: "cheap\(number)", user: "name\(number)") }
        #expect(verdict(limiter, "attacker", user: "z") == .delay(.seconds(8)))
        #expect(verdict(limiter, "banned", user: "y") == .banned(until: start + .seconds(600)))
        var table = FailureTable<String>(limit: 80, window: .seconds(60))
        var proofs = ProofTable()
        for number in 0..<2_000 {
            let now = start + .milliseconds(number)
            _ = table.add("\(number)", now: now)
            proofs.add(Login(source: "\(number)", user: "a"), now: now, limit: 80, keep: .seconds(60))
            #expect(table.count <= 80 && proofs.count <= 80)
        }
        #expect(table.failures(of: "1999", now: start + .seconds(2)) == 1)
        #expect(proofs.has(Login(source: "1999", user: "a"), since: start) && !proofs.has(Login(source: "1", user: "a"), since: start))
    }

    @Test("names of any length and kind do no harm")
    func names() {
        var limiter = FailureLimiter()
        _ = limiter.failed(address: String(repeating: ":", count: 100_000), user: String(repeating: "x", count: 100_000), now: start)
        _ = limiter.failed(address: "", user: "", now: start)
        _ = limiter.failed(address: "", user: nil, now: start)
        #expect(limiter.verdict(address: "", user: "", now: start) == .allow)
    }
}

@testable import Authentication
import Testing

@Suite("Nonces")
struct NonceTests {
    private let start = ContinuousClock.now

    private func authority(_ change: (inout NonceAuthority.Configuration) -> Void = { _ in }) -> NonceAuthority {
        var configuration = NonceAuthority.Configuration()
        change(&configuration)
        return NonceAuthority(configuration: configuration, now: start)
    }

    private func issued(_ standing: NonceAuthority.Standing) throws -> IssuedNonce {
        switch standing {
        case .good(let nonce), .stale(let nonce): nonce
        case .foreign, .forged: throw AuthenticationError.header("forged")
        }
    }

    @Test("a nonce is good for its lifetime, then it is stale, and never good before it was made")
    func lifetime() throws {
        let authority = authority()
        let nonce = authority.make(for: "a", now: start + .seconds(10))
        let good = NonceAuthority.Standing.good(try issued(authority.standing(of: nonce, for: "a", now: start + .seconds(10))))
        #expect(authority.standing(of: nonce, for: "a", now: start + .milliseconds(309_999)) == good)
        #expect(authority.standing(of: nonce, for: "a", now: start + .seconds(310)) != good)
        #expect(authority.standing(of: nonce, for: "a", now: start + .seconds(310)) != .forged)
        #expect(authority.standing(of: nonce, for: "a", now: start + .seconds(9)) != good)
    }

    @Test("two nonces of the same moment differ")
    func unique() {
        let authority = authority()
        #expect(Set((0..<100).map { _ in authority.make(for: "", now: start) }).count == 100)
    }

    @Test("a nonce that was made for another client is known as such, however old it is")
    func bound() {
        let authority = authority()
        let nonce = authority.make(for: "192.0.2.1", now: start)
        #expect(authority.standing(of: nonce, for: "192.0.2.2", now: start) == .foreign)
        #expect(authority.standing(of: nonce, for: "192.0.2.2", now: start + .seconds(1_000)) == .foreign)
    }

    @Test("a nonce with any digit changed, cut, lengthened, or of another process, is forged")
    func forged() {
        let authority = authority()
        let nonce = authority.make(for: "", now: start)
        for index in nonce.indices {
            var changed = nonce
            changed.replaceSubrange(index...index, with: nonce[index] == "0" ? "1" : "0")
            #expect(authority.standing(of: changed, for: "", now: start) == .forged)
        }
        for text in ["", "0", String(nonce.dropLast()), String(nonce.dropLast(2)), nonce + "00", nonce + nonce, "é" + nonce.dropFirst(2)] {
            #expect(authority.standing(of: text, for: "", now: start) == .forged)
        }
        #expect(NonceAuthority(now: start).standing(of: nonce, for: "", now: start) == .forged)
    }

    @Test("counts may rise, overtake each other and leave gaps, but none serves twice")
    func counts() throws {
        var authority = authority()
        let nonce = try issued(authority.standing(of: authority.make(for: "", now: start), for: "", now: start))
        for (count, isNew) in [
            (1, true), (1, false), (3, true), (2, true), (2, false), (3, false), (100, true), (99, true), (36, false), (37, true),
            (37, false), (99, false), (0xFFFF_FFFF, true), (0xFFFF_FFFF, false), (100, false),
        ] as [(UInt32, Bool)] {
            #expect(authority.use(nonce, count: count, now: start) == isNew, "\(count)")
        }
        #expect(authority.use(nonce, count: nil, now: start) == false)
    }

    @Test("a client that does not count may use a nonce once")
    func once() throws {
        var authority = authority()
        let nonce = try issued(authority.standing(of: authority.make(for: "", now: start), for: "", now: start))
        #expect(authority.use(nonce, count: nil, now: start) == true)
        #expect(authority.use(nonce, count: nil, now: start) == false)
        #expect(authority.use(nonce, count: 1, now: start) == false)
        #expect(authority.use(nonce, count: 0xFFFF_FFFF, now: start) == false)
    }

    @Test("the table of counts is bounded, and what was forgotten is stale rather than new")
    func bounded() throws {
        var counts = NonceCounts(limit: 80)
        let nonces = (0..<1_000).map { IssuedNonce(time: Int64($0), random: 0) }
        for nonce in nonces {
            #expect(counts.use(nonce, count: 1, oldest: -1) == true)
            #expect(counts.count <= 80)
        }
        for nonce in nonces { #expect(counts.use(nonce, count: 1, oldest: -1) == false) }
        #expect(nonces.filter { !counts.isForgotten($0) }.count >= 60)
        // What is stale makes room first, and costs nobody anything.
        var fresh = NonceCounts(limit: 80)
        for nonce in nonces { #expect(fresh.use(nonce, count: 1, oldest: nonce.time - 10) == true) }
        #expect(!fresh.isForgotten(nonces[0]))
    }
}

import SIPNames
import Testing
@testable import Resolver

@Suite("The cache of answers")
struct CacheTests {
    private let start = ContinuousClock.now

    private func question(_ name: String = "a.test") throws -> DNSQuestion { DNSQuestion(try #require(DNSName(name)), .a) }

    private func answer(_ address: String = "192.0.2.1", lifetime: Duration?) throws -> DNSAnswer {
        DNSAnswer(records: [.address(try #require(IPAddress(address)))], lifetime: lifetime)
    }

    @Test("an answer serves as long as it says, a second at least and an hour at most; none serves half a minute", arguments: [
        (Duration.seconds(60), 60), (.zero, 1), (.seconds(100_000), 3_600),
    ])
    func lifetimes(told: Duration, kept: Int) throws {
        var cache = DNSCache()
        let question = try question(), answer = try answer(lifetime: told)
        cache.store(.success(answer), for: question, at: start)
        #expect(cache.find(question, at: start + .seconds(kept) - .milliseconds(1)) == .result(.success(answer)))
        #expect(cache.find(question, at: start + .seconds(kept)) == .stale(answer, isFailing: false))
        #expect(cache.find(question, at: start + .seconds(kept) + DNSCache.staleLifetime) == .nothing)
        cache.store(.success(.none), for: question, at: start)
        #expect(cache.find(question, at: start + .seconds(29)) == .result(.success(.none)))
        #expect(cache.find(question, at: start + .seconds(30)) == .stale(.none, isFailing: false))
    }

    @Test("while the servers fail the expired answer serves, and they are asked again once in five seconds")
    func stale() throws {
        var cache = DNSCache()
        let question = try question(), answer = try answer(lifetime: .seconds(10))
        cache.store(.success(answer), for: question, at: start)
        cache.store(.failure(.serverFailed), for: question, at: start + .seconds(20))
        #expect(cache.find(question, at: start + .seconds(24)) == .result(.success(answer)))
        #expect(cache.find(question, at: start + .seconds(25)) == .stale(answer, isFailing: true))
        cache.store(.failure(.timedOut), for: question, at: start + .seconds(609))
        #expect(cache.find(question, at: start + .seconds(610)) == .result(.failure(.timedOut)))
        #expect(cache.find(question, at: start + .seconds(614)) == .nothing)
        let new = try self.answer("192.0.2.2", lifetime: .seconds(10))
        cache.store(.success(new), for: question, at: start + .seconds(620))
        #expect(cache.find(question, at: start + .seconds(621)) == .result(.success(new)))
        #expect(cache.find(question, at: start + .seconds(631)) == .stale(new, isFailing: false))
    }

    @Test("a failure that is no server's is not kept")
    func ownFailures() throws {
        var cache = DNSCache()
        cache.store(.failure(.cancelled), for: try question(), at: start)
        #expect(cache.find(try question(), at: start) == .nothing)
    }

    @Test("entries are bounded, and one that is used stays")
    func bound() throws {
        var cache = DNSCache()
        let used = try question("trunk.test"), answer = try answer(lifetime: .seconds(60))
        cache.store(.success(answer), for: used, at: start)
        for number in 0..<20_000 {
            cache.store(.success(.none), for: try question("n\(number).test"), at: start)
            if number % 500 == 0 { #expect(cache.find(used, at: start) == .result(.success(answer))) }
            #expect(cache.count <= DNSCache.maximumEntries)
        }
        #expect(cache.find(used, at: start) == .result(.success(answer)))
    }
}

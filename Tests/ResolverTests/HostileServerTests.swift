import EventLoop
import Testing
@testable import Resolver

@Suite("With name servers that fail", .serialized, .timeLimit(.minutes(1)))
@LoopActor
struct HostileServerTests {
    private let destination = SIPDestination(host: "a.test")

    @Test("one that never answers costs the time that is allowed, and the loop goes on")
    func silence() async throws {
        let server = try RawNameServer(RawNameServer.silence)
        var configuration = ResolverConfiguration.asking(server.server)
        configuration.locateLimit = .milliseconds(500)
        // c-ares by itself would take more than the time limit of these tests.
        configuration.serverTimeout = 20_000
        let resolver = SIPResolver(configuration)
        var result: Result<[String], ResolverError>?
        let ticks = await ticks { result = await located(resolver, destination) }
        #expect(result == .failure(.timedOut))
        #expect(ticks > 20)
        await resolver.stop()
    }

    @Test("nor does c-ares ask it for ever; that it failed is remembered for a moment")
    func exhausted() async throws {
        let server = try RawNameServer(RawNameServer.silence)
        var configuration = ResolverConfiguration.asking(server.server)
        configuration.serverTimeout = 10
        let client = DNSClient(configuration)
        let question = DNSQuestion(try #require(DNSName("a.test")), .a)
        #expect(await client.answer(to: question, within: .seconds(60)) == .failure(.timedOut))
        let count = server.queries.count
        #expect((1...3).contains(count))
        #expect(await client.answer(to: question, within: .seconds(60)) == .failure(.timedOut))
        #expect(server.queries.count == count)
        await client.stop()
    }

    @Test("one that answers all but NAPTR serves")
    func noPointers() async throws {
        let server = try RawNameServer { $0.question?.type == .naptr ? [] : RawNameServer.addressesOnly($0) }
        var configuration = ResolverConfiguration.asking(server.server)
        configuration.pointerLimit = .milliseconds(100)
        let resolver = SIPResolver(configuration)
        #expect(await located(resolver, destination) == .success(["udp:192.0.2.1:5060"]))
        await resolver.stop()
    }

    @Test("when it fails after it had answered, what it said goes on to serve", arguments: [true, false])
    func stale(isSilent: Bool) async throws {
        let server = try RawNameServer(RawNameServer.addressesOnly)
        var configuration = ResolverConfiguration.asking(server.server)
        configuration.staleDelay = .milliseconds(50)
        var now = ContinuousClock.now
        let client = DNSClient(configuration) { now }
        let question = DNSQuestion(try #require(DNSName("a.test")), .a)
        let before = try await client.answer(to: question, within: .seconds(60)).get()
        #expect(before.addresses.map(\.description) == ["192.0.2.1"])
        server.behave(isSilent ? RawNameServer.silence : RawNameServer.serverFailure)
        now += .seconds(61)
        #expect(await client.answer(to: question, within: .seconds(60)) == .success(before))
        now += .seconds(300)
        #expect(await client.answer(to: question, within: .seconds(60)) == .success(before))
        now += .seconds(300)
        if !isSilent { #expect(await client.answer(to: question, within: .seconds(60)) == .failure(.serverFailed)) }
        await client.stop()
    }

    @Test("one that fails, refuses or is not there: the next is asked", arguments: [0x8182, 0x8184, 0x8185, 0])
    func nextServer(flags: Int) async throws {
        let bad = try RawNameServer { flags == 0 ? [] : [$0.answer(flags: flags)] }
        let good = try RawNameServer(RawNameServer.addressesOnly)
        let closed = try #require(NameServer(address: "127.0.0.1", port: RawNameServer.closedPort()))
        var configuration = ResolverConfiguration.asking(closed, bad.server, good.server)
        configuration.serverTimeout = 50
        let resolver = SIPResolver(configuration)
        #expect(await located(resolver, destination) == .success(["udp:192.0.2.1:5060"]))
        await resolver.stop()
    }

    @Test("no server at all, and one to which there is no route, fail in time", arguments: ["127.0.0.1", "2001:db8::53"])
    func nowhere(address: String) async throws {
        let server = try #require(NameServer(address: address, port: RawNameServer.closedPort()))
        var configuration = ResolverConfiguration.asking(server)
        configuration.locateLimit = .milliseconds(500)
        let resolver = SIPResolver(configuration)
        let ticks = await ticks {
            for number in 0..<3 {
                let error = await located(resolver, .init(host: "n\(number).test")).failure
                #expect(error == .serverFailed || error == .timedOut)
            }
            await turnsOfTheLoop(10)
        }
        #expect(ticks > 5)
        await resolver.stop()
    }

    @Test("rubbish is passed over, and the answer behind it counts")
    func rubbish() async throws {
        let server = try RawNameServer { query in
            let good = RawNameServer.addressesOnly(query).first ?? []
            var wrongID = good, wrongQuestion = good
            wrongID[0] ^= 0x55
            wrongQuestion[13] ^= 1
            return [[], [0], [UInt8](repeating: 0xFF, count: 400), Array(query.bytes.prefix(11)), wrongID, wrongQuestion, good]
        }
        var configuration = ResolverConfiguration.asking(server.server)
        configuration.serverTimeout = 5_000
        let resolver = SIPResolver(configuration)
        #expect(await located(resolver, .init(host: "a.test", port: 5_060)) == .success(["udp:192.0.2.1:5060"]))
        await resolver.stop()
    }

    @Test("an answer that lies about its content is malformed, not more", arguments: [0, 1, 2, 3])
    func lies(kind: Int) async throws {
        let server = try RawNameServer { query in
            var reply = query.answer([(1, [192, 0, 2, 1])])
            switch kind {
            case 0: reply.replaceSubrange(4..<12, with: [0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
            case 1: reply[reply.count - 5] = 200
            case 2: reply.replaceSubrange(reply.count - 16..<reply.count - 14, with: [0xC0, UInt8(truncatingIfNeeded: reply.count - 16)])
            default: reply.removeLast(3)
            }
            return [reply]
        }
        let client = DNSClient(.asking(server.server))
        let question = DNSQuestion(try #require(DNSName("a.test")), .a)
        #expect(await client.answer(to: question, within: .seconds(60)) == .failure(.malformedAnswer))
        await client.stop()
    }

    @Test("one that cuts every answer off, and has nothing to say over TCP, fails", arguments: [0, 1, 2])
    func cutOff(kind: Int) async throws {
        let server = try RawNameServer { query in
            if !query.isTCP { return [query.answer(flags: 0x8380)] }
            switch kind {
            case 0: return []
            case 1: return [[]]
            default: return [[UInt8](repeating: 0xAB, count: 3_000)]
            }
        }
        var configuration = ResolverConfiguration.asking(server.server)
        configuration.serverTimeout = 50
        let client = DNSClient(configuration)
        let question = DNSQuestion(try #require(DNSName("a.test")), .a)
        let error = await client.answer(to: question, within: .seconds(60)).failure
        #expect(error == .serverFailed || error == .timedOut)
        #expect(server.queries.contains { $0.isTCP })
        await client.stop()
    }
}

extension Result {
    var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}

/// Comes back when the loop has run a timer so many times.
@LoopActor
func turnsOfTheLoop(_ count: Int) async {
    await withCheckedContinuation { done in
        var left = count
        var timer: LoopTimer?
        timer = LoopTimer.schedule(after: .zero, every: .milliseconds(5)) {
            left -= 1
            if left == 0 {
                timer?.cancel()
                done.resume()
            }
        }
    }
}

/// Lets the loop turn until something is so, for half a minute at most.
func turnsOfTheLoop(isolation: isolated (any Actor)? = #isolation, until isSo: () -> Bool) async {
    let limit = ContinuousClock.now + .seconds(30)
    while !isSo(), ContinuousClock.now < limit { await turnsOfTheLoop(1) }
}

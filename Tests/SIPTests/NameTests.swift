import EventLoop
import SIP
import Testing

extension SIPTests {
    /// Next hops that are names.
    @Suite("Names")
    struct NameTests {}
}

/// Answers what it was told, or never.
@LoopActor
final class StubResolver {
    private(set) var asked: [SIPServerName] = []
    var hops: [String: [SIPHop]] = [:]
    /// Hosts that are never answered about.
    var silent: Set<String> = []
    /// Names whose question was given up.
    private(set) var cancelled = 0

    nonisolated var closure: SIPNameResolver {
        { name in await self.answer(name) }
    }

    private func answer(_ name: SIPServerName) async -> [SIPHop] {
        asked.append(name)
        guard silent.contains(name.host) else { return hops[name.host] ?? [] }
        try? await Task.sleep(for: .seconds(3_600))
        cancelled += 1
        return []
    }
}

extension SIPTests.NameTests {
    @Test("a call to a name goes where it is resolved to, in order", arguments: [false, true])
    @LoopActor func target(byRoute: Bool) async throws {
        let (resolver, dead, raw) = (StubResolver(), try RawPeer(), try RawPeer())
        resolver.hops["proxy.test"] = [dead, raw].map { SIPHop(transport: .udp, address: "127.0.0.1", port: $0.port) }
        let endpoint = try RecordedEndpoint { $0.resolve = resolver.closure }
        var request = SIPInviteRequest(
            target: byRoute ? "sip:bob@elsewhere.test" : "sip:bob@Proxy.TEST;transport=udp", fromUser: "alice", sdp: sdp("offer"))
        if byRoute { request.routes = ["sip:proxy.test:5070;lr"] }
        let leg = endpoint.endpoint.invite(request)
        #expect(endpoint.endpoint.openLegs == 1)
        let first = try #require(await dead.receive("INVITE"))
        #expect(resolver.asked == [byRoute
            ? SIPServerName(host: "proxy.test", port: 5_070) : SIPServerName(host: "proxy.test", transport: .udp)])
        dead.send(rawResponse(503, "Full", to: first, port: dead.port))
        let invite = try #require(await raw.receive("INVITE"))
        #expect(invite.uri == request.target)
        #expect(invite.header("Route") == (byRoute ? "<sip:proxy.test:5070;lr>" : nil))
        raw.send(rawResponse(486, "Busy", to: invite, port: raw.port))
        #expect(try await endpoint.event() == .rejected(leg, status: 486, phrase: "Busy", reason: nil))
        try await stop(endpoint)
    }

    @Test("a name that is none, or that nobody resolves, is 503; one that is not answered about in time as well", arguments: [
        ("none.test", true), ("none.test", false), ("silent.test", true),
    ])
    @LoopActor func unknown(host: String, resolves: Bool) async throws {
        let resolver = StubResolver()
        resolver.silent = ["silent.test"]
        let endpoint = try RecordedEndpoint {
            $0.resolve = resolves ? resolver.closure : nil
            $0.resolveLimit = .milliseconds(200)
        }
        let leg = endpoint.endpoint.invite(SIPInviteRequest(target: "sip:bob@\(host)", fromUser: "alice", sdp: sdp("offer")))
        #expect(try await endpoint.event()
            == .rejected(leg, status: 503, phrase: "No address of the target", reason: nil))
        if host == "silent.test" { try await eventually(within: .seconds(2), "the cancellation") { resolver.cancelled == 1 } }
        try await stop(endpoint)
    }

    @Test("a call that is given up while its name is resolved is not made, and says nothing; stopping says so")
    @LoopActor func givenUp() async throws {
        let resolver = StubResolver()
        resolver.silent = ["silent.test"]
        let endpoint = try RecordedEndpoint {
            $0.resolve = resolver.closure
            $0.resolveLimit = .milliseconds(200)
        }
        let request = SIPInviteRequest(target: "sip:bob@silent.test", fromUser: "alice", sdp: sdp("offer"))
        let first = endpoint.endpoint.invite(request)
        endpoint.endpoint.end(first, status: 0, reason: nil)
        #expect(endpoint.endpoint.openLegs == 0)
        let second = endpoint.endpoint.invite(request)
        await endpoint.endpoint.stop()
        #expect(endpoint.unread == [.ended(second, SIPEnd(.stopped))])
        try await eventually(within: .seconds(2), "the cancellations") { resolver.cancelled == 2 }
        #expect(endpoint.unread.count == 1)
    }

    @LoopActor
    private func stop(_ endpoint: RecordedEndpoint) async throws {
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }
}

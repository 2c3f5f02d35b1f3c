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
        if host == "silent.test" { try await eventually(within: .seconds(20), "the cancellation") { resolver.cancelled == 1 } }
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
        try await eventually(within: .seconds(20), "the cancellations") { resolver.cancelled == 2 }
        #expect(endpoint.unread.count == 1)
    }

    @Test("a calling leg's PRACK, ACK, re-INVITE and BYE go to the names of Record-Route and Contact", arguments: [true, false])
    @LoopActor func calling(byRoute: Bool) async throws {
        let (resolver, near) = (StubResolver(), try RawPeer())
        resolver.hops["near.test"] = [SIPHop(transport: .udp, address: "127.0.0.1", port: near.port)]
        let call = try await RawCallee { $0.resolve = resolver.closure }
        let headers = byRoute ? ["Record-Route: <sip:far.test;lr>, <sip:near.test:5080;lr>"] : []
        let contact = "sip:bob@\(byRoute ? "10.1.2.3" : "near.test:5080")"
        call.raw.send(named(rawResponse(
            183, "Early", to: call.invite, port: 9, headers: headers + ["Require: 100rel", "RSeq: 1"], body: sdp("early")), contact))
        _ = try await call.caller.event()
        let prack = try #require(await near.receive("PRACK"))
        #expect(prack.uri == contact)
        #expect(prack.header("RAck") == "1 \(call.invite.sequence) INVITE")
        answer(prack, near)
        call.raw.send(named(rawResponse(200, "OK", to: call.invite, port: 9, headers: headers), contact))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("early")))
        #expect(await near.receive("ACK") != nil)
        call.caller.endpoint.offer(call.leg, sdp: sdp("more"))
        let offer = try #require(await near.receive("INVITE"))
        near.send(named(rawResponse(200, "OK", to: offer, port: 9, body: sdp("fine")), contact))
        #expect(try await call.caller.event() == .offerAccepted(call.leg, sdp: sdp("fine")))
        #expect(await near.receive("ACK") != nil)
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        let bye = try #require(await near.receive("BYE"))
        #expect(bye.uri == contact)
        #expect(bye.headers("Route") == (byRoute ? ["<sip:near.test:5080;lr>", "<sip:far.test;lr>"] : []))
        answer(bye, near)
        try await call.stop()
        #expect(resolver.asked == [SIPServerName(host: "near.test", port: 5_080)])
    }

    @Test("a called leg sends to the name in Contact, and follows it when it moves")
    @LoopActor func called() async throws {
        let (resolver, first, second) = (StubResolver(), try RawPeer(), try RawPeer())
        resolver.hops = [
            "first.test": [SIPHop(transport: .udp, address: "127.0.0.1", port: first.port)],
            "second.test": [SIPHop(transport: .udp, address: "127.0.0.1", port: second.port)],
        ]
        let endpoint = try RecordedEndpoint { $0.resolve = resolver.closure }
        let raw = try RawPeer(talkingTo: endpoint.port)
        var invite = RawRequest(to: endpoint.port, from: raw.port)
        invite.body = sdp("offer")
        raw.send(named(invite.text, "sip:raw@first.test"))
        let leg = try await endpoint.incoming().leg
        endpoint.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        raw.send(invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await endpoint.event() == .established(leg))
        endpoint.endpoint.offer(leg, sdp: sdp("more"))
        let offer = try #require(await first.receive("INVITE"))
        first.send(named(rawResponse(200, "OK", to: offer, port: 9, body: sdp("fine")), "sip:raw@second.test"))
        #expect(try await endpoint.event() == .offerAccepted(leg, sdp: sdp("fine")))
        #expect(await second.receive("ACK") != nil)
        endpoint.endpoint.end(leg, status: 0, reason: nil)
        self.answer(try #require(await second.receive("BYE")), second)
        try await stop(endpoint)
    }

    @Test("a name that leads nowhere: where the INVITE went, or came from, is used", arguments: [
        ("none.test", true), ("none.test", false), ("silent.test", true),
    ])
    @LoopActor func nowhere(host: String, resolves: Bool) async throws {
        let resolver = StubResolver()
        resolver.silent = ["silent.test"]
        let call = try await RawCallee {
            $0.resolve = resolves ? resolver.closure : nil
            $0.resolveLimit = .milliseconds(200)
        }
        call.raw.send(named(rawResponse(200, "OK", to: call.invite, port: 9, body: sdp("answer")), "sip:bob@\(host)"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        #expect(await call.raw.receive("ACK")?.uri == "sip:bob@\(host)")
        try await call.finish()
    }

    @Test("what is commanded while a name is resolved waits, and keeps its order")
    @LoopActor func order() async throws {
        let resolver = StubResolver()
        resolver.silent = ["silent.test"]
        let call = try await RawCallee {
            $0.resolve = resolver.closure
            $0.resolveLimit = .milliseconds(300)
        }
        call.raw.send(named(rawResponse(200, "OK", to: call.invite, port: 9, body: sdp("answer")), "sip:bob@silent.test"))
        _ = try await call.caller.event()
        for _ in 1...40 { call.caller.endpoint.info(call.leg, .digit(SIPDigit("5"), .plain)) }
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        #expect(await call.raw.receive(within: .milliseconds(150)) == nil)
        var seen: [String] = []
        while seen.last != "BYE", let request = await call.raw.receive() {
            seen.append(String(request.prefix { $0 != " " }))
            if seen.last != "ACK" { call.accept(request) }
        }
        #expect(seen.first == "ACK" && seen.last == "BYE")
        #expect(Set(seen) == ["ACK", "INFO", "BYE"])
        #expect(seen.count < 40)
        try await call.stop()
    }

    @Test("a peer that hangs up while its name is resolved ends the leg; its 200 is acknowledged")
    @LoopActor func hungUp() async throws {
        let resolver = StubResolver()
        resolver.silent = ["silent.test"]
        let call = try await RawCallee { $0.resolve = resolver.closure }
        call.raw.send(named(rawResponse(200, "OK", to: call.invite, port: 9, body: sdp("answer")), "sip:bob@silent.test"))
        _ = try await call.caller.event()
        var bye = RawRequest("BYE", to: call.caller.port, from: call.raw.port)
        bye.callID = call.invite.header("Call-ID") ?? ""
        bye.fromTag = "rawtag"
        bye.toTag = call.invite.tag(of: "From")
        call.raw.send(bye.text)
        #expect(try await call.caller.event() == .ended(call.leg, SIPEnd(.hungUp)))
        try await call.stop()
    }

    /// Sofia would look such names up, or have the system do it, which waits.
    @Test("a response goes to where the request came from, whatever names its Via has", arguments: [
        ("slow.test:5099", ""), ("slow.test", ";rport"), ("127.0.0.1", ";maddr=slow.test"),
        ("slow.test", ";maddr=slow.test;ttl=1"), ("127.0.0.1", ";maddr=127.0.0.9"), ("127.0.0.1", ";maddr=127.0.0.9;maddr=slow.test"), ("127.0.0.1", ";received=slow.test"), ("slow.test", ";maddr=x.test;MADDR=y.test"),
    ], ["Via", "v"])
    @LoopActor func via(way: (host: String, parameters: String), header: String) async throws {
        let (host, parameters) = way
        let endpoint = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: endpoint.port)
        let request = RawRequest("OPTIONS", to: endpoint.port, from: raw.port)
        let port = host.contains(":") ? "" : ":\(raw.port)"
        let text = request.text.replacing(
            "Via: SIP/2.0/UDP 127.0.0.1:\(raw.port)", with: "\(header): SIP/2.0/UDP \(host)\(port)\(parameters);rport")
        let start = ContinuousClock.now
        raw.send(text)
        let response = try #require(await raw.receive("SIP/2.0 200"))
        #expect(response.header("Via")?.contains("branch=\(request.branch)") == true)
        #expect(ContinuousClock.now - start < .seconds(1))
        try await stop(endpoint)
    }

    @Test("a response whose connection is gone has no name looked up either")
    @LoopActor func viaOfClosedConnection() async throws {
        let endpoint = try RecordedEndpoint()
        let gone = try RawPeer(talkingTo: endpoint.port, tcp: true)
        gone.send(RawRequest("OPTIONS", to: endpoint.port, from: gone.port).text.replacing(
            "Via: SIP/2.0/UDP 127.0.0.1:\(gone.port)", with: "Via: SIP/2.0/TCP slow.test;maddr=slow.test"))
        gone.hangUpConnection()
        let raw = try RawPeer(talkingTo: endpoint.port)
        let start = ContinuousClock.now
        raw.send(RawRequest("OPTIONS", to: endpoint.port, from: raw.port).text)
        #expect(await raw.receive("SIP/2.0 200") != nil)
        #expect(ContinuousClock.now - start < .seconds(1))
        try await stop(endpoint)
    }

    /// The message with another Contact.
    private func named(_ text: String, _ contact: String) -> String {
        text.split(separator: "\r\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("Contact:") ? "Contact: <\(contact)>" : String($0) }.joined(separator: "\r\n")
    }

    @LoopActor
    private func answer(_ request: String, _ peer: RawPeer) {
        peer.send(rawResponse(200, "OK", to: request, port: peer.port))
    }

    @LoopActor
    private func stop(_ endpoint: RecordedEndpoint) async throws {
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }
}

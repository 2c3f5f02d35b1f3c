import EventLoop
import SIP
import SIPNames
import Testing

extension SIPTests {
    /// Phones behind NAT: a private Contact, reached by the way that they came (RFC 5626).
    @Suite("Flows")
    struct FlowTests {}
}

extension SIPTests.FlowTests {
    /// What a phone behind NAT believes of itself.
    static let inside = "sip:phone@10.20.30.40:5066"

    /// A phone that has called once and was refused, and the flow that it came by.
    @LoopActor
    static func phone(_ endpoint: RecordedEndpoint, tcp: Bool) async throws -> (raw: RawPeer, flow: SIPFlow) {
        let raw = try RawPeer(talkingTo: endpoint.port, tcp: tcp)
        var request = RawRequest(to: endpoint.port, from: raw.port)
        request.transport = tcp ? "TCP" : "UDP"
        request.body = sdp("offer")
        raw.send(request.text)
        let (leg, invite) = try await endpoint.incoming()
        endpoint.endpoint.reject(leg, SIPResponse(status: 486))
        let refusal = try #require(await raw.receive("SIP/2.0 486"))
        raw.send(request.then("ACK", sequence: 1, toTag: refusal.tag(of: "To"), branch: request.branch).text)
        return (raw, try #require(invite.flow))
    }

    /// The message as one who has a private address would write it.
    static func natted(_ text: String) -> String {
        text.split(separator: "\r\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("Contact:") ? "Contact: <\(inside)>" : String($0) }.joined(separator: "\r\n")
    }

    static func uri(of request: String) -> String? { request.split(separator: " ").dropFirst().first.map(String.init) }

    @Test("a flow is kept as text", arguments: [
        "udp/192.0.2.1:5060/198.51.100.1:5060", "tcp/[2001:db8::1]:49152/[::]:5060", "tcp/10.0.0.1:1/0.0.0.0:5062",
    ])
    func text(_ text: String) throws {
        let flow = try #require(SIPFlow(text))
        #expect(flow.description == text)
        #expect(SIPFlow(flow.description) == flow)
        #expect(SIPHop(flow).flow == flow)
    }

    @Test("what is no flow is none", arguments: [
        "", "udp", "udp/192.0.2.1:5060", "sctp/192.0.2.1:5060/192.0.2.2:5060", "udp/name:5060/192.0.2.2:5060",
        "udp/192.0.2.1:0/192.0.2.2:5060", "udp/192.0.2.1:70000/192.0.2.2:5060", "udp/192.0.2.1:5060/192.0.2.2:5060/",
        "udp/192.0.2.1/192.0.2.2:5060", "udp/::1:5060/[::1]:5060", "UDP/192.0.2.1:5060/192.0.2.2:5060",
        "udp/192.0.2.1:-5/192.0.2.2:5060",
    ])
    func noFlow(_ text: String) { #expect(SIPFlow(text) == nil) }

    @Test("a call over a flow: INVITE, ACK, re-INVITE and BYE go back the way the phone came", arguments: [false, true])
    @LoopActor func call(tcp: Bool) async throws {
        let endpoint = try RecordedEndpoint()
        let (raw, flow) = try await Self.phone(endpoint, tcp: tcp)
        #expect(flow.transport == (tcp ? .tcp : .udp))
        #expect(flow.peer == "127.0.0.1:\(raw.port)")
        #expect(flow.listener == ListenAddress(transport: flow.transport, address: "127.0.0.1", port: endpoint.port))
        var request = SIPInviteRequest(target: Self.inside + ";ob", fromUser: "alice", sdp: sdp("offer"))
        request.hop = SIPHop(flow)
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await raw.receive("INVITE"))
        #expect(Self.uri(of: invite) == Self.inside + ";ob")
        #expect(invite.header("Route") == nil)
        #expect(invite.header("Contact") == "<sip:127.0.0.1:\(endpoint.port)\(tcp ? ";transport=tcp" : "")>")
        raw.send(Self.natted(rawResponse(183, "Session Progress", to: invite, port: 1, headers: ["Require: 100rel", "RSeq: 1"])))
        let prack = try #require(await raw.receive("PRACK"))
        #expect(Self.uri(of: prack) == Self.inside)
        raw.send(rawResponse(200, "OK", to: prack, port: 1))
        guard case .provisional(leg, 183, _, nil) = try await endpoint.event() else { throw TimedOut(description: "no 183") }
        raw.send(Self.natted(rawResponse(200, "OK", to: invite, port: 1, body: sdp("answer"))))
        #expect(try await endpoint.event() == .answered(leg, sdp: sdp("answer")))
        let ack = try #require(await raw.receive("ACK"))
        #expect(Self.uri(of: ack) == Self.inside)
        endpoint.endpoint.offer(leg, sdp: sdp("more"))
        let offer = try #require(await raw.receive("INVITE"))
        #expect(Self.uri(of: offer) == Self.inside)
        raw.send(Self.natted(rawResponse(200, "OK", to: offer, port: 1, body: sdp("fine"))))
        #expect(try await endpoint.event() == .offerAccepted(leg, sdp: sdp("fine")))
        #expect(await raw.receive("ACK") != nil)
        endpoint.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await raw.receive("BYE"))
        #expect(Self.uri(of: bye) == Self.inside)
        raw.send(rawResponse(200, "OK", to: bye, port: 1))
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }

    @Test("a CANCEL follows its INVITE over the flow", arguments: [false, true])
    @LoopActor func cancel(tcp: Bool) async throws {
        let endpoint = try RecordedEndpoint()
        let (raw, flow) = try await Self.phone(endpoint, tcp: tcp)
        var request = SIPInviteRequest(target: Self.inside, fromUser: "alice", sdp: sdp("offer"))
        request.hop = SIPHop(flow)
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await raw.receive("INVITE"))
        raw.send(Self.natted(rawResponse(180, "Ringing", to: invite, port: 1)))
        guard case .provisional(leg, 180, _, nil) = try await endpoint.event() else { throw TimedOut(description: "no 180") }
        endpoint.endpoint.end(leg, status: 0, reason: .answeredElsewhere)
        let cancel = try #require(await raw.receive("CANCEL"))
        #expect(cancel.header("Reason") == "SIP;cause=200;text=\"Call completed elsewhere\"")
        raw.send(rawResponse(200, "OK", to: cancel, port: 1))
        raw.send(Self.natted(rawResponse(487, "Request Terminated", to: invite, port: 1)))
        #expect(await raw.receive("ACK") != nil)
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }

    @Test("a flow whose connection is gone, or that another listener had, is refused 430 at once")
    @LoopActor func gone() async throws {
        let endpoint = try RecordedEndpoint()
        let (raw, flow) = try await Self.phone(endpoint, tcp: true)
        raw.hangUpConnection()
        try await eventually(within: .seconds(20), "the connection to be closed") { raw.isClosed }
        var request = SIPInviteRequest(target: Self.inside, fromUser: "alice", sdp: sdp("offer"))
        let other = try #require(SIPFlow("udp/127.0.0.1:\(raw.port)/127.0.0.1:1"))
        for flow in [flow, other] {
            request.hop = SIPHop(flow)
            let begin = ContinuousClock.now
            let leg = endpoint.endpoint.invite(request)
            #expect(try await endpoint.event() == .rejected(leg, status: 430, phrase: "Flow Failed", reason: nil))
            #expect(ContinuousClock.now - begin < .seconds(2))
        }
        #expect(endpoint.endpoint.openLegs == 0)
        await endpoint.endpoint.stop()
    }

    @Test("a call to an address other than the target's host; then the Contact is followed (RFC 3261 section 12.2.1.1)")
    @LoopActor func hop() async throws {
        let (proxy, phone) = (try RawPeer(), try RawPeer())
        let endpoint = try RecordedEndpoint()
        var request = SIPInviteRequest(target: "sip:bob@example.test", fromUser: "alice", sdp: sdp("offer"))
        request.hop = SIPHop(transport: .udp, address: "127.0.0.1", port: proxy.port)
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await proxy.receive("INVITE"))
        #expect(Self.uri(of: invite) == "sip:bob@example.test")
        #expect(invite.header("Route") == nil)
        proxy.send(rawResponse(200, "OK", to: invite, port: phone.port, body: sdp("answer")))
        #expect(try await endpoint.event() == .answered(leg, sdp: sdp("answer")))
        #expect(await phone.receive("ACK") != nil)
        endpoint.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await phone.receive("BYE"))
        phone.send(rawResponse(200, "OK", to: bye, port: phone.port))
        try await endpoint.noLegs()
        await endpoint.endpoint.stop()
    }

    @Test("a hop without a route set: a Contact that is a name leaves the requests at the hop")
    @LoopActor func hopAndName() async throws {
        let proxy = try RawPeer()
        let endpoint = try RecordedEndpoint()
        var request = SIPInviteRequest(target: "sip:bob@example.test", fromUser: "alice", sdp: sdp("offer"))
        request.hop = SIPHop(transport: .udp, address: "127.0.0.1", port: proxy.port)
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await proxy.receive("INVITE"))
        proxy.send(rawResponse(200, "OK", to: invite, port: 1, body: sdp("answer"))
            .replacing("Contact: <sip:raw@127.0.0.1:1>", with: "Contact: <sip:raw@phone.example.test>"))
        #expect(try await endpoint.event() == .answered(leg, sdp: sdp("answer")))
        #expect(await proxy.receive("ACK") != nil)
        endpoint.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await proxy.receive("BYE"))
        #expect(Self.uri(of: bye) == "sip:raw@phone.example.test")
        proxy.send(rawResponse(200, "OK", to: bye, port: 1))
        try await endpoint.noLegs()
        await endpoint.endpoint.stop()
    }

    @Test("a hop and a route set: the route set is followed")
    @LoopActor func hopAndRoute() async throws {
        let (first, near) = (try RawPeer(), try RawPeer())
        let endpoint = try RecordedEndpoint()
        var request = SIPInviteRequest(target: "sip:bob@example.test", fromUser: "alice", sdp: sdp("offer"))
        request.hop = SIPHop(transport: .udp, address: "127.0.0.1", port: first.port)
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await first.receive("INVITE"))
        let route = ["Record-Route: <sip:127.0.0.1:9;lr>, <sip:127.0.0.1:\(near.port);lr>"]
        first.send(Self.natted(rawResponse(200, "OK", to: invite, port: 1, headers: route, body: sdp("answer"))))
        #expect(try await endpoint.event() == .answered(leg, sdp: sdp("answer")))
        #expect(await near.receive("ACK")?.header("Route")?.hasPrefix("<sip:127.0.0.1:\(near.port);lr>") == true)
        endpoint.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await near.receive("BYE"))
        near.send(rawResponse(200, "OK", to: bye, port: 1))
        try await endpoint.noLegs()
        await endpoint.endpoint.stop()
    }

    @Test("over a UDP flow a big INVITE is one datagram at once, though the phone's port takes no TCP")
    @LoopActor func bigDatagram() async throws {
        let endpoint = try RecordedEndpoint()
        let (raw, flow) = try await Self.phone(endpoint, tcp: false)
        // A TCP port that answers nothing, as a NAT would.
        let trap = try RawListener(port: raw.port)
        var request = SIPInviteRequest(
            target: Self.inside, fromUser: "alice", sdp: SIPTests.TransportTests.long,
            headers: [("X-Long", String(repeating: "x", count: 500))])
        request.hop = SIPHop(flow)
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await raw.receive("INVITE", within: .seconds(20)))
        #expect(invite.utf8.count > 1_300)
        raw.send(Self.natted(rawResponse(200, "OK", to: invite, port: 1, body: sdp("answer"))))
        #expect(try await endpoint.event() == .answered(leg, sdp: sdp("answer")))
        #expect(await raw.receive("ACK", within: .seconds(20)) != nil)
        endpoint.endpoint.offer(leg, sdp: SIPTests.TransportTests.long)
        let offer = try #require(await raw.receive("INVITE", within: .seconds(20)))
        raw.send(Self.natted(rawResponse(200, "OK", to: offer, port: 1, body: sdp("fine"))))
        #expect(try await endpoint.event() == .offerAccepted(leg, sdp: sdp("fine")))
        endpoint.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await raw.receive("BYE"))
        raw.send(rawResponse(200, "OK", to: bye, port: 1))
        try await endpoint.noLegs()
        #expect(RawPeer(acceptedBy: trap) == nil)
        await endpoint.endpoint.stop()
    }

    @Test("a caller behind NAT: our BYE goes back the way that the INVITE came", arguments: [false, true])
    @LoopActor func caller(tcp: Bool) async throws {
        let endpoint = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: endpoint.port, tcp: tcp)
        var request = RawRequest(to: endpoint.port, from: raw.port)
        request.transport = tcp ? "TCP" : "UDP"
        request.body = sdp("offer")
        raw.send(Self.natted(request.text))
        let leg = try await endpoint.incoming().leg
        endpoint.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await endpoint.event() == .established(leg))
        endpoint.endpoint.offer(leg, sdp: sdp("more"))
        let offer = try #require(await raw.receive("INVITE"))
        #expect(Self.uri(of: offer) == Self.inside)
        raw.send(Self.natted(rawResponse(200, "OK", to: offer, port: 1, body: sdp("fine"))))
        #expect(try await endpoint.event() == .offerAccepted(leg, sdp: sdp("fine")))
        #expect(await raw.receive("ACK") != nil)
        endpoint.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await raw.receive("BYE"))
        raw.send(rawResponse(200, "OK", to: bye, port: 1))
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }

    @Test("a caller behind NAT: the UPDATE that refreshes the session goes back as well")
    @LoopActor func refresh() async throws {
        let endpoint = try RecordedEndpoint([.udp, .tcp], SIPTests.SessionTimerTests.short)
        let raw = try RawPeer(talkingTo: endpoint.port)
        var request = RawRequest(to: endpoint.port, from: raw.port)
        request.headers = ["Supported: timer", "Session-Expires: 4;refresher=uas", "Allow: INVITE, ACK, BYE, UPDATE"]
        request.body = sdp("offer")
        raw.send(Self.natted(request.text))
        let leg = try await endpoint.incoming().leg
        endpoint.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await endpoint.event() == .established(leg))
        let update = try #require(await raw.receive("UPDATE"))
        #expect(Self.uri(of: update) == Self.inside)
        raw.send(rawResponse(200, "OK", to: update, port: 1, headers: ["Session-Expires: 4;refresher=uac"]))
        raw.send(request.then("BYE", sequence: 2, toTag: answer.tag(of: "To")).text)
        #expect(try await endpoint.event() == .ended(leg, SIPEnd(.hungUp)))
        await endpoint.endpoint.stop()
    }

    @Test("a caller with a private Contact behind a proxy that stays in the path: the route set is followed")
    @LoopActor func callerBehindProxy() async throws {
        let near = try RawPeer()
        let endpoint = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: endpoint.port)
        var request = RawRequest(to: endpoint.port, from: raw.port)
        request.headers = ["Record-Route: <sip:127.0.0.1:\(near.port);lr>"]
        request.body = sdp("offer")
        raw.send(Self.natted(request.text))
        let leg = try await endpoint.incoming().leg
        endpoint.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await endpoint.event() == .established(leg))
        endpoint.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await near.receive("BYE"))
        #expect(Self.uri(of: bye) == Self.inside)
        near.send(rawResponse(200, "OK", to: bye, port: 1))
        try await endpoint.noLegs()
        await endpoint.endpoint.stop()
    }
}

import EventLoop
import SIP
import Testing

extension SIPTests {
    /// Proxies that stay in the path (RFC 3261 sections 12.1, 12.2.1.1, 16.12.1.2).
    @Suite("Route sets")
    struct RouteTests {}
}

extension SIPTests.RouteTests {
    @Test("a called leg sends its requests by the route set, in the order of Record-Route", arguments: [true, false])
    @LoopActor func called(loose: Bool) async throws {
        let (near, far) = (try RawPeer(), try RawPeer())
        let suffix = loose ? ";lr" : ""
        let route = ["<sip:127.0.0.1:\(near.port)\(suffix)>", "<sip:127.0.0.1:\(far.port)\(suffix)>"]
        let call = try await RawCall(headers: route.map { "Record-Route: \($0)" })
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let answer = try #require(await call.raw.receive("SIP/2.0 200"))
        #expect(answer.headers("Record-Route").joined(separator: ",").filter { $0 != " " } == route.joined(separator: ","))
        call.raw.send(call.invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await call.callee.event() == .established(call.leg))
        call.callee.endpoint.offer(call.leg, sdp: sdp("more"))
        let offer = try #require(await near.receive("INVITE"))
        expectRoute(offer, loose: loose, near: near, far: far, contact: "sip:raw@127.0.0.1:\(call.raw.port)")
        near.send(rawResponse(200, "OK", to: offer, port: call.raw.port, body: sdp("fine")))
        #expect(try await call.callee.event() == .offerAccepted(call.leg, sdp: sdp("fine")))
        let ack = try #require(await near.receive("ACK"))
        expectRoute(ack, loose: loose, near: near, far: far, contact: "sip:raw@127.0.0.1:\(call.raw.port)")
        call.callee.endpoint.end(call.leg, status: 0, reason: nil)
        let bye = try #require(await near.receive("BYE"))
        expectRoute(bye, loose: loose, near: near, far: far, contact: "sip:raw@127.0.0.1:\(call.raw.port)")
        near.send(rawResponse(200, "OK", to: bye, port: call.raw.port))
        try await call.stop()
    }

    @Test("a calling leg sends its ACK, PRACK and BYE by the route set, in the reverse order", arguments: [true, false])
    @LoopActor func calling(loose: Bool) async throws {
        let (near, far) = (try RawPeer(), try RawPeer())
        let suffix = loose ? ";lr" : ""
        let call = try await RawCallee()
        let route = ["Record-Route: <sip:127.0.0.1:\(far.port)\(suffix)>, <sip:127.0.0.1:\(near.port)\(suffix)>"]
        let contact = "sip:raw@127.0.0.1:\(call.raw.port)"
        call.respond(183, headers: route + ["Require: 100rel", "RSeq: 1"], body: sdp("early"))
        _ = try await call.caller.event()
        let prack = try #require(await near.receive("PRACK"))
        expectRoute(prack, loose: loose, near: near, far: far, contact: contact)
        near.send(rawResponse(200, "OK", to: prack, port: call.raw.port))
        call.respond(200, headers: route, body: sdp("early"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("early")))
        let ack = try #require(await near.receive("ACK"))
        expectRoute(ack, loose: loose, near: near, far: far, contact: contact)
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        let bye = try #require(await near.receive("BYE"))
        expectRoute(bye, loose: loose, near: near, far: far, contact: contact)
        near.send(rawResponse(200, "OK", to: bye, port: call.raw.port))
        try await call.stop()
    }

    /// RFC 3261 section 12.2.1.1: a strict first hop gets itself as the Request-URI, and the peer's Contact last in the route.
    @LoopActor
    private func expectRoute(_ request: String, loose: Bool, near: RawPeer, far: RawPeer, contact: String) {
        let uri = request.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let route = request.headers("Route").joined(separator: ",").filter { $0 != " " }
        let (first, second) = ("sip:127.0.0.1:\(near.port)", "sip:127.0.0.1:\(far.port)")
        if loose {
            #expect(uri == contact)
            #expect(route == "<\(first);lr>,<\(second);lr>")
        } else {
            #expect(uri == first)
            #expect(route == "<\(second)>,<\(contact)>")
        }
    }

    @Test("a target that moved is followed: the Contact of a re-INVITE, and of its 200 (RFC 3261 section 12.2)")
    @LoopActor func targetRefresh() async throws {
        let call = try await RawCallee()
        call.respond(200, body: sdp("answer"))
        _ = try await call.caller.event()
        #expect(await call.raw.receive("ACK") != nil)
        let moved = try RawPeer()
        call.caller.endpoint.offer(call.leg, sdp: sdp("more"))
        let offer = try #require(await call.raw.receive("INVITE"))
        call.raw.send(rawResponse(200, "OK", to: offer, port: moved.port, body: sdp("fine")))
        _ = try await call.caller.event()
        #expect(await moved.receive("ACK") != nil)
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        let bye = try #require(await moved.receive("BYE"))
        moved.send(rawResponse(200, "OK", to: bye, port: moved.port))
        try await call.stop()
    }
}

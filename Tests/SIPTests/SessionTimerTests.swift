import EventLoop
import SIP
import Testing

extension SIPTests {
    /// RFC 4028. The shortest interval that Sofia takes is a few seconds, so these tests do take that long.
    @Suite("Session timers")
    struct SessionTimerTests {}
}

extension SIPTests.SessionTimerTests {
    static func short(_ configuration: inout SIPEndpointConfiguration) {
        configuration.sessionExpires = 4
        configuration.minimumSessionExpires = 2
        configuration.t1x64 = .seconds(2)
    }

    @Test("two endpoints refresh the session by themselves, and the core hears nothing")
    @LoopActor func refreshed() async throws {
        try await withPair(adjust: Self.short) { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            await #expect(throws: TimedOut.self) { try await caller.event(within: .seconds(6)) }
            #expect(callee.unread.isEmpty)
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("a called peer that does not know UPDATE is refreshed by re-INVITE with the description of before")
    @LoopActor func refreshedByInvite() async throws {
        let raw = try RawPeer()
        let caller = try RecordedEndpoint([.udp, .tcp], Self.short)
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer")))
        let invite = try #require(await raw.receive("INVITE"))
        #expect(invite.header("Session-Expires") == "4")
        raw.send(rawResponse(
            200, "OK", to: invite, port: raw.port,
            headers: ["Allow: INVITE, ACK, BYE", "Supported: timer", "Require: timer", "Session-Expires: 4;refresher=uac"],
            body: sdp("answer")))
        #expect(try await caller.event() == .answered(out, sdp: sdp("answer")))
        let refresh = try #require(await raw.receive("INVITE"))
        #expect(refresh.hasSuffix(sdp("offer")))
        raw.send(rawResponse(
            200, "OK", to: refresh, port: raw.port,
            headers: ["Supported: timer", "Require: timer", "Session-Expires: 4;refresher=uac"], body: sdp("answer")))
        let ack = try #require(await raw.receive("ACK"))
        #expect(ack.header("CSeq") == refresh.header("CSeq")?.replacingOccurrence("INVITE", with: "ACK"))
        caller.endpoint.end(out, status: 0, reason: nil)
        let bye = try #require(await raw.receive("BYE"))
        raw.send(rawResponse(200, "OK", to: bye, port: raw.port))
        try await caller.noLegs()
        #expect(caller.unread.isEmpty)
        await caller.endpoint.stop()
    }

    @Test("a caller that asks us to refresh, and knows no UPDATE, gets re-INVITEs with our last description")
    @LoopActor func refreshedByCalledSide() async throws {
        let callee = try RecordedEndpoint([.udp, .tcp], Self.short)
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.body = sdp("offer")
        request.headers = ["Supported: timer", "Session-Expires: 4;refresher=uas", "Allow: INVITE, ACK, BYE"]
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        #expect(answer.header("Session-Expires")?.contains("refresher=uas") == true)
        raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        let refresh = try #require(await raw.receive("INVITE"))
        #expect(refresh.hasSuffix(sdp("answer")))
        raw.send(rawResponse(
            200, "OK", to: refresh, port: raw.port, headers: ["Supported: timer", "Session-Expires: 4;refresher=uac"],
            body: sdp("offer")))
        #expect(await raw.receive("ACK") != nil)
        callee.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await raw.receive("BYE"))
        raw.send(rawResponse(200, "OK", to: bye, port: raw.port))
        try await callee.noLegs()
        #expect(callee.unread.isEmpty)
        await callee.endpoint.stop()
    }

    @Test("a peer that should refresh and does not gets a BYE, and the core hears that the session expired")
    @LoopActor func expired() async throws {
        let callee = try RecordedEndpoint([.udp, .tcp], Self.short)
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.body = sdp("offer")
        request.headers = ["Supported: timer", "Session-Expires: 4;refresher=uac", "Allow: INVITE, ACK, BYE, UPDATE"]
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        let bye = try #require(await raw.receive("BYE", within: .seconds(10)))
        #expect(bye.header("Reason")?.contains("Session timeout") == true)
        // The core hears it when the BYE goes out, not when it is answered.
        #expect(try await callee.event(within: .milliseconds(200)) == .ended(leg, SIPEnd(.sessionExpired)))
        raw.send(rawResponse(200, "OK", to: bye, port: raw.port))
        try await callee.noLegs()
        await callee.endpoint.stop()
    }

    /// A call that we have to refresh, answered by a phone with this Allow header.
    ///
    /// - Parameter limit: After it a request without an answer is lost.
    @LoopActor
    private func refreshing(allow: String, limit: Duration = .seconds(10)) async throws -> RawCallee {
        let call = try await RawCallee { Self.short(&$0); $0.t1 = .milliseconds(50); $0.t1x64 = limit }
        call.respond(
            200, headers: ["Allow: \(allow)", "Supported: timer", "Require: timer", "Session-Expires: 4;refresher=uac"],
            body: sdp("answer"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        #expect(await call.raw.receive("ACK") != nil)
        return call
    }

    static let peers = [("INVITE, ACK, BYE, UPDATE", "UPDATE"), ("INVITE, ACK, BYE", "INVITE")]

    @Test("a refresh that is never answered, or answered 481, ends the session with BYE", arguments: peers, [0, 481])
    @LoopActor func refreshLost(peer: (allow: String, method: String), status: Int) async throws {
        let call = try await refreshing(allow: peer.allow, limit: .milliseconds(400))
        let refresh = try #require(await call.raw.receive(peer.method))
        if status > 0 { call.raw.send(rawResponse(status, "Gone", to: refresh, port: call.raw.port)) }
        #expect(try await call.caller.event() == .ended(call.leg, SIPEnd(.sessionExpired)))
        try await call.stop()
    }

    @Test("a refresh that is refused for now is repeated, and the call goes on", arguments: peers)
    @LoopActor func refreshRefused(peer: (allow: String, method: String)) async throws {
        let call = try await refreshing(allow: peer.allow)
        let refresh = try #require(await call.raw.receive(peer.method))
        #expect(refresh.header("Session-Expires")?.contains("4") == true)
        call.raw.send(rawResponse(491, "Request Pending", to: refresh, port: call.raw.port))
        if peer.method == "INVITE" { #expect(await call.raw.receive("ACK") != nil) }
        let again = try #require(await call.raw.receive("INVITE"))
        #expect(again.hasSuffix(sdp("offer")))
        call.accept(again, headers: ["Supported: timer", "Session-Expires: 4;refresher=uac"], body: sdp("answer"))
        #expect(await call.raw.receive("ACK") != nil)
        try await call.finish()
    }

    @Test("422 to a refresh: it is sent again with the interval that the peer wants", arguments: peers)
    @LoopActor func refreshTooSmall(peer: (allow: String, method: String)) async throws {
        let call = try await refreshing(allow: peer.allow)
        var again = try #require(await call.raw.receive(peer.method))
        // Sofia repeats its UPDATE as it was, and gives up: what helps is the re-INVITE that follows. Each of them may come twice before it is answered.
        for _ in 0..<12 where !(again.hasPrefix("INVITE ") && again.header("Min-SE") == "60") {
            call.raw.send(rawResponse(422, "Session Interval Too Small", to: again, port: call.raw.port, headers: ["Min-SE: 60"]))
            repeat { again = try #require(await call.raw.receive()) } while again.hasPrefix("ACK ")
        }
        #expect(again.header("Session-Expires")?.hasPrefix("60") == true)
        #expect(again.header("Min-SE") == "60")
        call.accept(again, headers: ["Supported: timer", "Session-Expires: 60;refresher=uac"], body: sdp("answer"))
        #expect(await call.raw.receive("ACK sip") != nil)
        try await call.finish()
    }

    @Test("a peer's refresh keeps the session, by UPDATE or re-INVITE; one below our Min-SE gets 422", arguments: ["UPDATE", "INVITE"])
    @LoopActor func peerRefreshes(method: String) async throws {
        let call = try await RawCall(headers: ["Supported: timer", "Session-Expires: 4;refresher=uac", "Allow: INVITE, ACK, UPDATE"], adjust: Self.short)
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let answer = try #require(await call.raw.receive("SIP/2.0 200"))
        #expect(answer.header("Session-Expires") == "4;refresher=uac")
        call.raw.send(call.invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await call.callee.event() == .established(call.leg))
        for (sequence, interval) in [(2, 1), (3, 4), (4, 4)] {
            if sequence > 2 {
                await #expect(throws: TimedOut.self) { try await call.callee.event(within: .milliseconds(2_200)) }
            }
            var refresh = call.invite.then(method, sequence: sequence, toTag: answer.tag(of: "To"))
            refresh.headers = ["Supported: timer", "Session-Expires: \(interval);refresher=uac"]
            if method == "INVITE" { refresh.body = sdp("offer") }
            call.raw.send(refresh.text)
            let response = try #require(await call.raw.receive(interval < 2 ? "SIP/2.0 422" : "SIP/2.0 200"))
            if interval >= 2 { #expect(response.header("Session-Expires") == "4;refresher=uac") }
            if interval < 2 { #expect(response.header("Min-SE") != nil) }
            if method == "INVITE" {
                let branch = interval < 2 ? refresh.branch : nil
                call.raw.send(refresh.then("ACK", sequence: sequence, toTag: answer.tag(of: "To"), branch: branch).text)
            }
        }
        call.callee.endpoint.end(call.leg, status: 0, reason: nil)
        let bye = try #require(await call.raw.receive("BYE"))
        call.raw.send(rawResponse(200, "OK", to: bye, port: call.raw.port))
        try await call.stop()
    }

    @Test("422 to our INVITE: it is sent again with the interval that the peer wants")
    @LoopActor func tooSmall() async throws {
        try await withPair { caller, callee in
            let raw = try RawPeer()
            let out = caller.endpoint.invite(SIPInviteRequest(
                target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer")))
            let invite = try #require(await raw.receive("INVITE"))
            raw.send(rawResponse(422, "Session Interval Too Small", to: invite, port: raw.port, headers: ["Min-SE: 4000"]))
            #expect(await raw.receive("ACK") != nil)
            let second = try #require(await raw.receive("INVITE"))
            #expect(second.header("Session-Expires") == "4000")
            #expect(second.header("Min-SE") == "4000")
            #expect(second.hasSuffix(sdp("offer")))
            raw.send(rawResponse(486, "Busy Here", to: second, port: raw.port))
            #expect(try await caller.event() == .rejected(out, status: 486, phrase: "Busy Here", reason: nil))
        }
    }
}

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
        raw.send(rawResponse(200, "OK", to: bye, port: raw.port))
        #expect(try await callee.event() == .ended(leg, SIPEnd(.sessionExpired)))
        try await callee.noLegs()
        await callee.endpoint.stop()
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

import EventLoop
import SIP
import SIPNames
import Testing

extension SIPTests {
    @Suite("Giving up a call")
    struct CancelTests {}
}

extension SIPTests.CancelTests {
    static let transports: [ListenAddress.Transport] = [.udp, .tcp]

    @Test("CANCEL before and after ringing ends the called leg with the reason", arguments: transports, [false, true])
    @LoopActor func cancelled(transport: ListenAddress.Transport, ringing: Bool) async throws {
        try await withPair { caller, callee in
            let out = caller.endpoint.invite(SIPInviteRequest(
                target: callee.uri("bob", transport), fromUser: "alice", sdp: sdp("offer")))
            let leg = try await callee.incoming().leg
            if ringing {
                callee.endpoint.ring(leg, status: 180, sdp: nil)
                _ = try await caller.event()
            }
            caller.endpoint.end(out, status: 0, reason: .answeredElsewhere)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.cancelled, reason: .answeredElsewhere)))
        }
    }

    @Test("CANCEL waits for the first provisional response (RFC 3261 section 9.1)")
    @LoopActor func cancelBeforeProvisional() async throws {
        let raw = try RawPeer()
        let caller = try RecordedEndpoint()
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer")))
        let invite = try #require(await raw.receive("INVITE"))
        caller.endpoint.end(out, status: 0, reason: nil)
        #expect(await raw.receive("CANCEL", within: .milliseconds(200)) == nil)
        raw.send(rawResponse(100, "Trying", to: invite, port: raw.port))
        let cancel = try #require(await raw.receive("CANCEL"))
        #expect(cancel.header("Via") == invite.header("Via"))
        raw.send(rawResponse(200, "OK", to: cancel, port: raw.port))
        raw.send(rawResponse(487, "Request Terminated", to: invite, port: raw.port))
        #expect(await raw.receive("ACK") != nil)
        try await caller.noLegs()
        #expect(caller.unread.isEmpty)
        await caller.endpoint.stop()
    }

    @Test("CANCEL that crosses a 200: ACK, then BYE, and the core hears nothing")
    @LoopActor func cancelCrossesAnswer() async throws {
        let raw = try RawPeer()
        let caller = try RecordedEndpoint()
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer")))
        let invite = try #require(await raw.receive("INVITE"))
        raw.send(rawResponse(180, "Ringing", to: invite, port: raw.port))
        #expect(try await caller.event() == .provisional(out, status: 180, phrase: "Ringing", sdp: nil))
        caller.endpoint.end(out, status: 0, reason: nil)
        #expect(await raw.receive("CANCEL") != nil)
        raw.send(rawResponse(200, "OK", to: invite, port: raw.port, body: sdp("answer")))
        let ack = try #require(await raw.receive("ACK"))
        #expect(ack.tag(of: "To") == "rawtag")
        let bye = try #require(await raw.receive("BYE"))
        raw.send(rawResponse(200, "OK", to: bye, port: raw.port))
        try await caller.noLegs()
        #expect(caller.unread.isEmpty)
        await caller.endpoint.stop()
    }

    @Test("no answer at all is 408 after Timer B")
    @LoopActor func noAnswer() async throws {
        let raw = try RawPeer()
        let caller = try RecordedEndpoint { $0.t1x64 = .milliseconds(600); $0.t1 = .milliseconds(50) }
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer")))
        #expect(try await caller.event() == .rejected(out, status: 408, phrase: "Request Timeout", reason: nil))
        try await caller.noLegs()
        await caller.endpoint.stop()
    }

    @Test("giving up a call that nobody answers leaves no leg")
    @LoopActor func cancelWithoutAnswer() async throws {
        let raw = try RawPeer()
        let caller = try RecordedEndpoint { $0.t1x64 = .milliseconds(600); $0.t1 = .milliseconds(50) }
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer")))
        _ = await raw.receive("INVITE")
        caller.endpoint.end(out, status: 0, reason: nil)
        try await caller.noLegs()
        #expect(caller.unread.isEmpty)
        await caller.endpoint.stop()
    }

    @Test("a peer that cancels and says nothing more leaves no leg: provisional, CANCEL, silence")
    @LoopActor func silentAfterCancel() async throws {
        let raw = try RawPeer()
        let caller = try RecordedEndpoint { $0.t1x64 = .milliseconds(400); $0.t1 = .milliseconds(50) }
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer")))
        let invite = try #require(await raw.receive("INVITE"))
        raw.send(rawResponse(180, "Ringing", to: invite, port: raw.port))
        _ = try await caller.event()
        caller.endpoint.end(out, status: 0, reason: nil)
        try await caller.noLegs()
        #expect(caller.unread.isEmpty)
        await caller.endpoint.stop()
    }

    @Test("nobody listens on the target's TCP port: 503", arguments: transports)
    @LoopActor func unreachable(transport: ListenAddress.Transport) async throws {
        let raw = try RawPeer(tcp: true)
        let caller = try RecordedEndpoint { $0.t1x64 = .milliseconds(600) }
        let suffix = transport == .tcp ? ";transport=tcp" : ""
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port)\(suffix)", fromUser: "alice", sdp: sdp("offer")))
        guard case .rejected(let leg, let status, _, nil) = try await caller.event() else {
            Issue.record("no rejection")
            return
        }
        #expect(leg == out)
        #expect(status == 503)
        try await caller.noLegs()
        await caller.endpoint.stop()
    }

    @Test("targets that cannot be called are rejected by an event", arguments: [
        ("tel:+15551234", 416), ("sip:", 416), ("sip:bob@127.0.0.1:99999", 416), ("sip:bob@127.0.0.1;transport=ws", 416),
        ("sip:b ob@127.0.0.1", 416), ("sip:bob@127.0.0.1\r\nX: y", 416), ("", 416), ("sips:bob@127.0.0.1", 480),
        ("sip:bob@[::1]:5060", 503),
    ])
    @LoopActor func badTarget(target: String, status: Int) async throws {
        let caller = try RecordedEndpoint()
        let out = caller.endpoint.invite(SIPInviteRequest(target: target, fromUser: "alice", sdp: sdp("offer")))
        #expect(caller.unread.isEmpty)
        guard case .rejected(let leg, status, _, nil) = try await caller.event() else {
            Issue.record("not rejected with \(status)")
            return
        }
        #expect(leg == out)
        #expect(caller.endpoint.openLegs == 0)
        await caller.endpoint.stop()
    }

    @Test("a lost ACK: the 200 is repeated, then BYE with a reason, and the core hears of it")
    @LoopActor func lostAcknowledgement() async throws {
        let callee = try RecordedEndpoint { $0.t1x64 = .milliseconds(600); $0.t1 = .milliseconds(50) }
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.body = sdp("offer")
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        #expect(await raw.receive("SIP/2.0 200") != nil)
        #expect(await raw.receive("SIP/2.0 200") != nil)
        #expect(try await callee.event() == .ended(leg, SIPEnd(.acknowledgementLost)))
        let bye = try #require(await raw.receive("BYE"))
        #expect(bye.header("Reason")?.contains("ACK Timeout") == true)
        raw.send(rawResponse(200, "OK", to: bye, port: raw.port))
        try await callee.noLegs()
        #expect(callee.unread.isEmpty)
        await callee.endpoint.stop()
    }

    @Test("a core that never decides does not hold a call for ever", arguments: [false, true])
    @LoopActor func undecided(ringing: Bool) async throws {
        try await withPair(adjust: { $0.decisionLimit = .milliseconds(100); $0.ringingLimit = .milliseconds(150) }) { caller, callee in
            // The caller's own ringing limit must not come first.
            let out = caller.endpoint.invite(SIPInviteRequest(
                target: callee.uri("bob"), fromUser: "alice", sdp: sdp("offer")))
            let leg = try await callee.incoming().leg
            if ringing {
                callee.endpoint.ring(leg, status: 180, sdp: nil)
                _ = try await caller.event()
                #expect(try await callee.event() == .ended(leg, SIPEnd(.undecided)))
                guard case .rejected(out, let status, _, _) = try await caller.event() else {
                    Issue.record("no rejection")
                    return
                }
                #expect([408, 480].contains(status))
            } else {
                #expect(try await callee.event() == .ended(leg, SIPEnd(.undecided)))
                #expect(try await caller.event()
                    == .rejected(out, status: 503, phrase: "Service Unavailable", reason: nil))
            }
        }
    }
}

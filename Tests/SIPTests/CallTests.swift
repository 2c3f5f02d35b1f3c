import EventLoop
import SIP
import SIPNames
import Testing

extension SIPTests {
    @Suite("Calls between two endpoints")
    struct CallTests {}
}

extension SIPTests.CallTests {
    static let transports: [ListenAddress.Transport] = [.udp, .tcp]

    @Test("a call is offered, rings, is answered, established and hung up by the caller", arguments: transports)
    @LoopActor func answered(transport: ListenAddress.Transport) async throws {
        try await withPair { caller, callee in
            let out = caller.endpoint.invite(SIPInviteRequest(
                target: callee.uri("bob%20b", transport), fromUser: "alice", displayName: "Ålice \"A\" \\",
                sdp: sdp("offer"), maxForwards: 42))
            let (leg, invite) = try await callee.incoming()
            #expect(invite.requestUser == "bob b")
            #expect(invite.requestHost == "127.0.0.1")
            #expect(invite.from.user == "alice")
            #expect(invite.from.host == "tern.test")
            #expect(invite.from.displayName == "Ålice \"A\" \\")
            #expect(invite.to.user == "bob b")
            #expect(invite.sdp == sdp("offer"))
            #expect(invite.transport == transport)
            #expect(invite.source.hasPrefix("127.0.0.1:"))
            #expect(invite.userAgent == "Tern-Test")
            #expect(invite.maxForwards == 42)
            callee.endpoint.ring(leg, status: 180, sdp: nil)
            #expect(try await caller.event() == .provisional(out, status: 180, phrase: "Ringing", sdp: nil))
            callee.endpoint.ring(leg, status: 183, sdp: sdp("early"))
            #expect(try await caller.event()
                == .provisional(out, status: 183, phrase: "Session Progress", sdp: sdp("early")))
            callee.endpoint.answer(leg, sdp: sdp("answer"))
            #expect(try await caller.event() == .answered(out, sdp: sdp("answer")))
            #expect(try await callee.event() == .established(leg))
            let reason = SIPReason(protocolName: "Q.850", cause: 16, text: "Normal \"clearing\"")
            caller.endpoint.end(out, status: 0, reason: reason)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp, reason: reason)))
        }
    }

    @Test("the called side hangs up", arguments: transports)
    @LoopActor func hungUpByCallee(transport: ListenAddress.Transport) async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee, transport)
            callee.endpoint.end(leg, status: 0, reason: nil)
            #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        }
    }

    @Test("both sides hang up at once")
    @LoopActor func crossingByes() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            callee.endpoint.end(leg, status: 0, reason: nil)
            caller.endpoint.end(out, status: 0, reason: nil)
        }
    }

    @Test("hanging up before the ACK came waits for it")
    @LoopActor func hungUpBeforeAcknowledgement() async throws {
        try await withPair { caller, callee in
            let out = caller.endpoint.invite(SIPInviteRequest(
                target: callee.uri("bob"), fromUser: "alice", sdp: sdp("offer")))
            let leg = try await callee.incoming().leg
            callee.endpoint.answer(leg, sdp: sdp("answer"))
            callee.endpoint.end(leg, status: 0, reason: nil)
            #expect(try await caller.event() == .answered(out, sdp: sdp("answer")))
            #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        }
    }

    @Test("a rejection arrives with status, phrase and reason", arguments: [
        (404, nil, "Not Found"), (486, nil, "Busy Here"), (603, "No thanks", "No thanks"), (302, nil, "Moved Temporarily"),
        (401, nil, "Unauthorized"), (407, nil, "Proxy Authentication Required"), (503, nil, "Service Unavailable"),
        (699, "Odd", "Odd"), (42, nil, "Internal Server Error"),
    ])
    @LoopActor func rejected(status: Int, phrase: String?, expected: String) async throws {
        try await withPair { caller, callee in
            let out = caller.endpoint.invite(SIPInviteRequest(
                target: callee.uri("bob"), fromUser: "alice", sdp: sdp("offer")))
            let leg = try await callee.incoming().leg
            let reason = SIPReason(cause: 486, text: "why")
            callee.endpoint.reject(leg, SIPResponse(status: status, phrase: phrase, retryAfter: 7, reason: reason))
            #expect(callee.endpoint.openLegs == 0)
            #expect(try await caller.event()
                == .rejected(out, status: status == 42 ? 500 : status, phrase: expected, reason: reason))
        }
    }

    @Test("a rejection after ringing; commands on a leg that is gone do nothing")
    @LoopActor func rejectedAfterRinging() async throws {
        try await withPair { caller, callee in
            let out = caller.endpoint.invite(SIPInviteRequest(
                target: callee.uri("bob"), fromUser: "alice", sdp: sdp("offer")))
            let leg = try await callee.incoming().leg
            callee.endpoint.ring(leg, status: 180, sdp: nil)
            _ = try await caller.event()
            callee.endpoint.end(leg, status: 480, reason: nil)
            #expect(try await caller.event()
                == .rejected(out, status: 480, phrase: "Temporarily Unavailable", reason: nil))
            callee.endpoint.answer(leg, sdp: sdp("late"))
            callee.endpoint.end(leg, status: 480, reason: nil)
            caller.endpoint.end(out, status: 0, reason: nil)
            caller.endpoint.acceptOffer(out, sdp: nil)
        }
    }

    @Test("a call without an offer is answered with one, and the ACK brings the answer")
    @LoopActor func lateOffer() async throws {
        try await withPair { caller, callee in
            let out = caller.endpoint.invite(SIPInviteRequest(target: callee.uri("bob"), fromUser: "alice", sdp: nil))
            let (leg, invite) = try await callee.incoming()
            #expect(invite.sdp == nil)
            callee.endpoint.answer(leg, sdp: sdp("offer"))
            #expect(try await caller.event() == .answered(out, sdp: sdp("offer")))
            caller.endpoint.acknowledge(out, sdp: sdp("answer"))
            #expect(try await callee.event() == .offerCompleted(leg, sdp: sdp("answer")))
            #expect(try await callee.event() == .established(leg))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("an offer in a 2xx that the core drops is acknowledged and hung up")
    @LoopActor func lateOfferDropped() async throws {
        try await withPair { caller, callee in
            let out = caller.endpoint.invite(SIPInviteRequest(target: callee.uri("bob"), fromUser: "alice", sdp: nil))
            let leg = try await callee.incoming().leg
            callee.endpoint.answer(leg, sdp: sdp("offer"))
            #expect(try await caller.event() == .answered(out, sdp: sdp("offer")))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .offerCompleted(leg, sdp: nil))
            #expect(try await callee.event() == .established(leg))
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("the core's headers are sent; those that the endpoint writes, and line ends, are not")
    @LoopActor func headers() async throws {
        let raw = try RawPeer()
        let caller = try RecordedEndpoint()
        let out = caller.endpoint.invite(SIPInviteRequest(
            target: "sip:bob@127.0.0.1:\(raw.port);user=phone", fromUser: "al ice\r\nX-Evil: 1", displayName: "A\r\nB: c",
            sdp: sdp("offer"), headers: [
                ("X-One", "1"), ("X-Two", "2\r\nX-Evil: 2"), ("Via", "SIP/2.0/UDP evil"), ("Bad Name", "3"),
                ("P-Asserted-Identity", "<sip:alice@example.com>"),
            ], maxForwards: 12))
        let invite = try #require(await raw.receive())
        #expect(invite.hasPrefix("INVITE sip:bob@127.0.0.1:\(raw.port);user=phone SIP/2.0\r\n"))
        #expect(invite.header("X-One") == "1")
        #expect(invite.header("X-Two") == "2  X-Evil: 2")
        #expect(invite.header("X-Evil") == nil)
        #expect(invite.header("P-Asserted-Identity") == "<sip:alice@example.com>")
        #expect(invite.headers("Via").count == 1)
        #expect(invite.header("Max-Forwards") == "12")
        #expect(invite.header("User-Agent") == "Tern-Test")
        #expect(invite.header("Contact") == "<sip:127.0.0.1:\(caller.port)>")
        #expect(invite.header("From")?.hasPrefix("\"A  B: c\" <sip:al%20ice%0D%0AX-Evil%3A%201@tern.test>;tag=") == true)
        #expect(invite.header("To") == "<sip:bob@127.0.0.1:\(raw.port)>")
        #expect(invite.header("Allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER")
        #expect(invite.header("Supported") == "timer, 100rel, replaces, norefersub")
        caller.endpoint.end(out, status: 0, reason: nil)
        await caller.endpoint.stop()
    }
}

import EventLoop
import Testing

@testable import SIP

@Suite("When a call goes on to another hop")
struct FailoverRuleTests {
    private static func failover(others: Int, all5xx: Bool = false, ringLimit: Duration? = nil) throws -> Failover? {
        var request = SIPInviteRequest(target: "sip:bob@192.0.2.1", fromUser: "alice", sdp: nil)
        request.failsOverOn5xx = all5xx
        request.silenceLimit = ringLimit
        let target = try #require(SIPTarget(request.target))
        let hops = (0..<others).map { SIPHop(transport: .udp, address: "192.0.2.\($0 + 2)", port: 5_060) }
        let call = OutgoingCall(id: SIPLegID(number: 1), request: request, target: target, first: target, hops: hops)
        return Failover(call, hopLimit: .seconds(8))
    }

    @Test("the last hop has the time of the transaction, unless the call says how long it may take")
    func limit() throws {
        #expect(try Self.failover(others: 0) == nil)
        #expect(try Self.failover(others: 1)?.limit == .seconds(8))
        #expect(try Self.failover(others: 0, ringLimit: .seconds(3))?.limit == .seconds(3))
    }

    @Test("503 and Sofia's own failures send it on, other statuses do not; every 5xx does where the call says so", arguments: [
        (503, false, false, true), (408, true, false, true), (904, true, false, true), (500, false, false, false), (500, false, true, true),
        (599, false, true, true), (404, false, true, false), (603, false, true, false), (302, false, true, false), (200, false, true, false),
    ])
    func status(status: Int, isLocal: Bool, all5xx: Bool, goesOn: Bool) throws {
        let failover = try #require(try Self.failover(others: 1, all5xx: all5xx))
        switch failover.receive(status: status, isLocal: isLocal) {
        case .goOn(let call):
            #expect(goesOn)
            #expect(call.hops.count == 1)
        case .stay: #expect(!goesOn)
        }
        #expect(!failover.isTimed)
    }

    @Test("a hop that has begun to call somebody is stayed with")
    func ringing() throws {
        let failover = try #require(try Self.failover(others: 1))
        for status in [180, 503] {
            guard case .stay = failover.receive(status: status, isLocal: false) else { Issue.record("\(status) goes on"); continue }
        }
        #expect(failover.expire() == nil)
    }

    @Test("100 and a challenge end the time of a hop, but not the time to call somebody")
    func time() throws {
        for answer in [100, 401, 407] {
            let failover = try #require(try Self.failover(others: 1))
            let limited = try #require(try Self.failover(others: 1, ringLimit: .seconds(3)))
            if answer == 100 {
                failover.receiveTrying()
                limited.receiveTrying()
            } else {
                _ = failover.receive(status: answer, isLocal: false)
                _ = limited.receive(status: answer, isLocal: false)
            }
            #expect(!failover.isTimed)
            #expect(limited.isTimed)
            #expect(limited.expire()?.isFailed == true)
            #expect(failover.expire()?.isFailed == false)
        }
    }
}

extension SIPTests {
    /// A call that has several hops to choose from (RFC 3263 section 4.3).
    @Suite("Failover")
    struct FailoverTests {}
}

/// A call with two hops, up to the INVITE at the first.
@LoopActor
private struct TwoHops {
    let caller: RecordedEndpoint
    let first: RawPeer
    let second: RawPeer
    let invite: String
    let leg: SIPLegID

    init(
        all5xx: Bool = false, hopLimit: Duration = .seconds(8), authorizer: RecordedAuthorizer? = nil,
        t1x64: Duration = .seconds(32)
    ) async throws {
        first = try RawPeer()
        second = try RawPeer()
        caller = try RecordedEndpoint {
            $0.hopLimit = hopLimit
            $0.t1x64 = t1x64
        }
        var request = SIPInviteRequest(
            target: "sip:bob@trunk.test", fromUser: "alice", sdp: sdp("offer"),
            hop: SIPHop(transport: .udp, address: "127.0.0.1", port: first.port))
        request.alternatives = [SIPHop(transport: .udp, address: "127.0.0.1", port: second.port)]
        request.failsOverOn5xx = all5xx
        request.authorize = authorizer?.closure
        leg = caller.endpoint.invite(request)
        invite = try #require(await first.receive("INVITE"))
    }

    func respond(_ status: Int, headers: [String] = [], to other: String? = nil, from peer: RawPeer? = nil, body: String = "") {
        let peer = peer ?? first
        peer.send(rawResponse(status, "Status", to: other ?? invite, port: peer.port, headers: headers, body: body))
    }

    /// The second hop gets the INVITE and answers it; the call is hung up.
    func goOn() async throws {
        let again = try #require(await second.receive("INVITE"))
        #expect(again.uri == invite.uri)
        #expect(again.body == invite.body)
        #expect(again.header("Via") != invite.header("Via"))
        respond(200, to: again, from: second, body: sdp("answer"))
        #expect(try await caller.event() == .answered(leg, sdp: sdp("answer")))
        #expect(await second.receive("ACK") != nil)
        caller.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await second.receive("BYE"))
        respond(200, to: bye, from: second)
    }

    func stop() async throws {
        try await caller.noLegs()
        #expect(caller.unread.isEmpty, "\(caller.unread)")
        await caller.endpoint.stop()
    }
}

extension SIPTests.FailoverTests {
    @Test("a hop that answers 503 is left for the next one; other 5xx only where the call says so", arguments: [
        (503, false), (503, true), (500, true), (580, true),
    ])
    @LoopActor func refused(status: Int, all5xx: Bool) async throws {
        let call = try await TwoHops(all5xx: all5xx)
        call.respond(status)
        #expect(await call.first.receive("ACK") != nil)
        try await call.goOn()
        try await call.stop()
    }

    @Test("what the callee says is the outcome, and no other hop is asked", arguments: [486, 500, 404, 603, 408, 401])
    @LoopActor func answered(status: Int) async throws {
        let call = try await TwoHops()
        call.respond(status)
        #expect(try await call.caller.event() == .rejected(call.leg, status: status, phrase: "Status", reason: nil))
        #expect(await call.second.receive("INVITE", within: .milliseconds(100)) == nil)
        try await call.stop()
    }

    @Test("a hop that is silent is left; its late 200 is acknowledged and hung up")
    @LoopActor func silent() async throws {
        let call = try await TwoHops(hopLimit: .milliseconds(300))
        let again = try #require(await call.second.receive("INVITE"))
        #expect(call.caller.endpoint.openLegs == 2)
        call.respond(180, to: again, from: call.second)
        #expect(try await call.caller.event() == .provisional(call.leg, status: 180, phrase: "Status", sdp: nil))
        call.respond(200, body: sdp("late"))
        #expect(await call.first.receive("ACK") != nil)
        let bye = try #require(await call.first.receive("BYE"))
        call.respond(200, to: bye)
        call.respond(200, to: again, from: call.second, body: sdp("answer"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        #expect(await call.second.receive("ACK") != nil)
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        let end = try #require(await call.second.receive("BYE"))
        call.respond(200, to: end, from: call.second)
        try await call.stop()
    }

    @Test("a hop that is left and begins to ring late is cancelled")
    @LoopActor func ringsLate() async throws {
        let call = try await TwoHops(hopLimit: .milliseconds(300))
        let again = try #require(await call.second.receive("INVITE"))
        call.respond(180)
        let cancel = try #require(await call.first.receive("CANCEL"))
        call.respond(200, to: cancel)
        call.respond(487)
        call.respond(486, to: again, from: call.second)
        #expect(try await call.caller.event() == .rejected(call.leg, status: 486, phrase: "Status", reason: nil))
        try await call.stop()
    }

    @Test("a hop that has said anything is not left for being slow, nor after 18x for a 503", arguments: [100, 180])
    @LoopActor func slow(status: Int) async throws {
        let call = try await TwoHops(hopLimit: .milliseconds(200))
        call.respond(status)
        if status > 100 { _ = try await call.caller.event() }
        #expect(await call.second.receive("INVITE", within: .milliseconds(500)) == nil)
        call.respond(503)
        if status > 100 {
            #expect(try await call.caller.event() == .rejected(call.leg, status: 503, phrase: "Status", reason: nil))
        } else {
            try await call.goOn()
        }
        try await call.stop()
    }

    @Test("the last hop's outcome is the call's: silence 408, a refusal as it came")
    @LoopActor func last() async throws {
        let call = try await TwoHops(t1x64: .milliseconds(500))
        call.respond(503)
        #expect(await call.second.receive("INVITE") != nil)
        guard case .rejected(call.leg, 408, _, _) = try await call.caller.event() else { return #expect(Bool(false)) }
        try await call.stop()
    }

    @Test("a call that says how long a hop may be silent leaves the last one in that time as well")
    @LoopActor func silenceLimit() async throws {
        let (raw, endpoint) = (try RawPeer(), try RecordedEndpoint())
        var request = SIPInviteRequest(target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer"))
        request.silenceLimit = .milliseconds(300)
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await raw.receive("INVITE"))
        #expect(try await endpoint.event(within: .seconds(20))
            == .rejected(leg, status: 408, phrase: "Request Timeout", reason: nil))
        raw.send(rawResponse(200, "OK", to: invite, port: raw.port, body: sdp("late")))
        #expect(await raw.receive("ACK") != nil)
        let bye = try #require(await raw.receive("BYE"))
        raw.send(rawResponse(200, "OK", to: bye, port: raw.port))
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }

    @Test("a call that says when a hop has to say something leaves one that is silent, and stays with one that says 100", arguments: [false, true])
    @LoopActor func firstResponseLimit(isThere: Bool) async throws {
        let (raw, endpoint) = (try RawPeer(), try RecordedEndpoint())
        var request = SIPInviteRequest(target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer"))
        request.firstResponseLimit = .milliseconds(300)
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await raw.receive("INVITE"))
        if isThere {
            raw.send(rawResponse(100, "Trying", to: invite, port: raw.port))
            await LoopTimer.sleep(for: .milliseconds(500))
            raw.send(rawResponse(486, "Busy Here", to: invite, port: raw.port))
            #expect(await raw.receive("ACK") != nil)
            #expect(try await endpoint.event() == .rejected(leg, status: 486, phrase: "Busy Here", reason: nil))
        } else {
            #expect(try await endpoint.event(within: .seconds(20)) == .rejected(leg, status: 408, phrase: "Request Timeout", reason: nil))
            raw.send(rawResponse(487, "Terminated", to: invite, port: raw.port))
        }
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }

    @Test("100, or a challenge and then 100, does not prolong the time of a call that says how long a hop may take", arguments: [false, true])
    @LoopActor func triesOnly(isChallenged: Bool) async throws {
        let (raw, endpoint) = (try RawPeer(), try RecordedEndpoint())
        var request = SIPInviteRequest(target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: sdp("offer"))
        request.silenceLimit = .milliseconds(500)
        request.authorize = RecordedAuthorizer().closure
        let leg = endpoint.endpoint.invite(request)
        var invite = try #require(await raw.receive("INVITE"))
        raw.send(rawResponse(100, "Trying", to: invite, port: raw.port))
        if isChallenged {
            raw.send(rawResponse(407, "No", to: invite, port: raw.port, headers: ["Proxy-Authenticate: Digest realm=\"x\""]))
            #expect(await raw.receive("ACK") != nil)
            invite = try #require(await raw.receive("INVITE"))
            raw.send(rawResponse(100, "Trying", to: invite, port: raw.port))
        }
        #expect(try await endpoint.event() == .rejected(leg, status: 408, phrase: "Request Timeout", reason: nil))
        let cancel = try #require(await raw.receive("CANCEL"))
        raw.send(rawResponse(200, "OK", to: cancel, port: raw.port))
        raw.send(rawResponse(487, "Terminated", to: invite, port: raw.port))
        #expect(await raw.receive("ACK") != nil)
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }

    @Test("a connection that is refused, and a hop that there is no transport to, are passed over")
    @LoopActor func unreachable() async throws {
        let (raw, endpoint) = (try RawPeer(), try RecordedEndpoint())
        var request = SIPInviteRequest(
            target: "sip:bob@trunk.test", fromUser: "alice", sdp: sdp("offer"),
            hop: SIPHop(transport: .tcp, address: "127.0.0.1", port: 1))
        request.alternatives = [
            SIPHop(transport: .udp, address: "::1", port: 5_060), SIPHop(transport: .udp, address: "127.0.0.1", port: raw.port),
        ]
        let leg = endpoint.endpoint.invite(request)
        let invite = try #require(await raw.receive("INVITE"))
        raw.send(rawResponse(404, "No", to: invite, port: raw.port))
        #expect(try await endpoint.event() == .rejected(leg, status: 404, phrase: "No", reason: nil))
        try await endpoint.noLegs()
        await endpoint.endpoint.stop()
    }

    @Test("a call that is given up is not made at another hop", arguments: [true, false])
    @LoopActor func givenUp(silent: Bool) async throws {
        let call = try await TwoHops(hopLimit: .milliseconds(200), t1x64: .milliseconds(400))
        call.caller.endpoint.end(call.leg, status: 0, reason: nil)
        if !silent { call.respond(503) }
        #expect(await call.second.receive("INVITE", within: .milliseconds(400)) == nil)
        try await call.stop()
    }

    @Test("the next hop's challenge is answered")
    @LoopActor func challenged() async throws {
        let call = try await TwoHops(authorizer: RecordedAuthorizer())
        call.respond(503)
        let second = try #require(await call.second.receive("INVITE"))
        call.respond(401, headers: ["WWW-Authenticate: Digest realm=\"x\""], to: second, from: call.second)
        let again = try #require(await call.second.receive("INVITE"))
        #expect(again.headers("Authorization").count == 1)
        call.respond(486, to: again, from: call.second)
        #expect(try await call.caller.event() == .rejected(call.leg, status: 486, phrase: "Status", reason: nil))
        try await call.stop()
    }
}

extension SIPTests {
    @Suite("Redirections")
    struct RedirectionTests {}
}

extension SIPTests.RedirectionTests {
    /// A 302 whose Contact headers are these alone.
    @LoopActor
    private func redirect(_ call: RawCallee, _ contacts: String...) {
        let response = rawResponse(302, "Status", to: call.invite, port: call.raw.port, headers: contacts.map { "Contact: \($0)" })
        call.raw.send(response.replacing("Contact: <sip:raw@127.0.0.1:\(call.raw.port)>\r\n", with: ""))
    }

    @Test("a 302 brings its targets, the most wanted first, and is acknowledged")
    @LoopActor func targets() async throws {
        let call = try await RawCallee()
        redirect(call, "<sip:second@example.org>;q=0.2, <sip:first@example.org;transport=tcp>;q=0.9", "<tel:+491>;q=0.1")
        #expect(await call.raw.receive("ACK") != nil)
        #expect(try await call.caller.event() == .redirected(
            call.leg, status: 302, phrase: "Status",
            contacts: ["sip:first@example.org;transport=tcp", "sip:second@example.org", "tel:+491"]))
        try await call.stop()
    }

    @Test("one to nowhere is a rejection")
    @LoopActor func nowhere() async throws {
        let call = try await RawCallee()
        redirect(call)
        #expect(try await call.caller.event() == .rejected(call.leg, status: 302, phrase: "Status", reason: nil))
        try await call.stop()
    }

    @Test("one that is passed on has its Contact, and nothing that could end the header")
    @LoopActor func passedOn() async throws {
        let call = try await RawCall()
        var response = SIPResponse(status: 302)
        response.contacts = ["sip:carol@example.org;user=phone", "sip:x>\r\nEvil: 1"]
        call.callee.endpoint.reject(call.leg, response)
        let answer = try #require(await call.raw.receive("SIP/2.0 302"))
        #expect(answer.headers("Contact") == ["<sip:carol@example.org;user=phone>"])
        #expect(answer.header("Evil") == nil)
        try await call.stop()
    }
}

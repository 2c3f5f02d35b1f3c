import EventLoop
import SIP
import Testing

extension SIPTests {
    @Suite("What is answered without the core")
    struct FrontDoorTests {}
}

extension SIPTests.FrontDoorTests {
    /// What comes back on a request, and that nothing is left of it.
    @LoopActor
    static func answer(
        _ method: String = "INVITE", tcp: Bool = false, adjust: (inout SIPEndpointConfiguration) -> Void = { _ in },
        change: (inout RawRequest) -> Void = { _ in }
    ) async throws -> String {
        let callee = try RecordedEndpoint([.udp, .tcp], adjust)
        let raw = try RawPeer(talkingTo: callee.port, tcp: tcp)
        var request = RawRequest(method, to: callee.port, from: raw.port)
        request.transport = tcp ? "TCP" : "UDP"
        if method == "INVITE" { request.body = sdp("offer") }
        change(&request)
        raw.send(request.text)
        var answer = await raw.receive()
        if answer?.hasPrefix("SIP/2.0 100") == true { answer = await raw.receive() }
        #expect(callee.endpoint.openLegs == 0)
        #expect(callee.unread.isEmpty)
        await callee.endpoint.stop()
        return answer ?? ""
    }

    @Test("OPTIONS gets 200 with Allow, Accept, Supported and a Contact", arguments: [false, true])
    @LoopActor func options(tcp: Bool) async throws {
        let answer = try await Self.answer("OPTIONS", tcp: tcp)
        #expect(answer.hasPrefix("SIP/2.0 200 OK\r\n"))
        #expect(answer.header("Allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER")
        #expect(answer.headers("Accept") == ["multipart/mixed, multipart/alternative, multipart/related, application/sdp"])
        #expect(answer.header("Supported") == "timer, 100rel, replaces, norefersub")
        #expect(answer.header("User-Agent") == "Tern-Test")
        #expect(answer.header("Contact")?.contains("127.0.0.1") == true)
        #expect(answer.tag(of: "To")?.isEmpty == false)
    }

    @Test("methods that are not served get 405 with Allow, unknown ones 501", arguments: [
        ("REGISTER", 405), ("SUBSCRIBE", 405), ("MESSAGE", 405), ("PUBLISH", 405), ("NOTIFY", 405),
        ("FROBNICATE", 501),
    ])
    @LoopActor func unserved(method: String, status: Int) async throws {
        let answer = try await Self.answer(method)
        #expect(answer.hasPrefix("SIP/2.0 \(status) "), "\(answer)")
        #expect(answer.header("Allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER")
    }

    @Test("requests of a dialog that does not exist get 481", arguments: ["BYE", "INFO", "UPDATE", "INVITE", "CANCEL"])
    @LoopActor func noDialog(method: String) async throws {
        let answer = try await Self.answer(method, change: { if method != "CANCEL" { $0.toTag = "nowhere" } })
        #expect(answer.hasPrefix("SIP/2.0 481 "), "\(answer)")
    }

    @Test("requests that belong in a dialog get 481 outside of one", arguments: ["INFO", "UPDATE", "BYE", "PRACK"])
    @LoopActor func outOfDialog(method: String) async throws {
        #expect(try await Self.answer(method).hasPrefix("SIP/2.0 481 "))
    }

    @Test("a body that is no session description gets 415 with Accept", arguments: [
        "text/plain", "message/sip", "application/SDP2",
    ])
    @LoopActor func otherBody(type: String) async throws {
        let answer = try await Self.answer(change: { $0.contentType = type })
        #expect(answer.hasPrefix("SIP/2.0 415 "), "\(answer)")
        #expect(answer.header("Accept") == "application/sdp, multipart/mixed, multipart/alternative, multipart/related")
    }

    @Test("a compressed body gets 415")
    @LoopActor func encodedBody() async throws {
        #expect(try await Self.answer(change: { $0.headers = ["Content-Encoding: gzip"] }).hasPrefix("SIP/2.0 415 "))
    }

    @Test("an unknown extension in Require gets 420 with Unsupported")
    @LoopActor func extensions() async throws {
        let answer = try await Self.answer(change: { $0.headers = ["Require: 100rel, timer, nothing, precondition"] })
        #expect(answer.hasPrefix("SIP/2.0 420 "), "\(answer)")
        #expect(answer.header("Unsupported")?.contains("precondition") == true)
        #expect(answer.header("Unsupported")?.contains("nothing") == true)
        #expect(answer.header("Unsupported")?.contains("timer") == false)
        #expect(answer.header("Unsupported")?.contains("100rel") == false)
    }

    @Test("Max-Forwards of 0 on an INVITE gets 483")
    @LoopActor func hops() async throws {
        #expect(try await Self.answer(change: { $0.maxForwards = "0" }).hasPrefix("SIP/2.0 483 "))
    }

    @Test("a body over the limit gets 413", arguments: [false, true])
    @LoopActor func tooBig(tcp: Bool) async throws {
        let answer = try await Self.answer(tcp: tcp, adjust: { $0.maximumBodySize = 4_096 }, change: {
            $0.body = sdp("offer") + String(repeating: "a=x\r\n", count: 1_000)
        })
        #expect(answer.hasPrefix("SIP/2.0 413 "), "\(answer)")
    }

    @Test("a session interval that is too small gets 422 with Min-SE")
    @LoopActor func shortSession() async throws {
        let answer = try await Self.answer(change: { $0.headers = ["Supported: timer", "Session-Expires: 60"] })
        #expect(answer.hasPrefix("SIP/2.0 422 "), "\(answer)")
        #expect(answer.header("Min-SE") == "90")
    }

    @Test("no room for another leg: 503 with Retry-After, and the calls that run go on")
    @LoopActor func overload() async throws {
        try await withPair(adjust: { $0.maximumLegs = 1; $0.overloadRetryAfter = 9 }) { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            let raw = try RawPeer(talkingTo: callee.port)
            var request = RawRequest(to: callee.port, from: raw.port)
            request.body = sdp("offer")
            raw.send(request.text)
            let answer = try #require(await raw.receive("SIP/2.0 503"))
            #expect(answer.header("Retry-After") == "9")
            let another = caller.endpoint.invite(SIPInviteRequest(target: callee.uri("x"), fromUser: "a", sdp: sdp("o")))
            #expect(try await caller.event() == .rejected(another, status: 503, phrase: "Too many calls", reason: nil))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("the same request by another way is merged: 482")
    @LoopActor func merged() async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.body = sdp("offer")
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        request.branch = "z9hG4bK-other-way"
        raw.send(request.text)
        #expect(await raw.receive("SIP/2.0 482") != nil)
        #expect(callee.endpoint.openLegs == 1)
        callee.endpoint.reject(leg, SIPResponse(status: 486))
        #expect(await raw.receive("SIP/2.0 486") != nil)
        await callee.endpoint.stop()
    }

    @Test("a second INVITE of another dialog with the same Call-ID is a call of its own, and a retransmission is none")
    @LoopActor func sameCallID() async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.body = sdp("offer")
        raw.send(request.text)
        raw.send(request.text)
        let first = try await callee.incoming()
        request.branch = "z9hG4bK-second"
        request.fromTag = "second"
        raw.send(request.text)
        let second = try await callee.incoming()
        #expect(first.invite.callID == second.invite.callID)
        #expect(first.leg != second.leg)
        callee.endpoint.reject(first.leg, SIPResponse(status: 486))
        callee.endpoint.reject(second.leg, SIPResponse(status: 603))
        #expect(await raw.receive("SIP/2.0 486") != nil)
        #expect(await raw.receive("SIP/2.0 603") != nil)
        #expect(callee.unread.isEmpty)
        await callee.endpoint.stop()
    }

    @Test("a rejection carries Warning, Retry-After, Reason and our name")
    @LoopActor func rejectionHeaders() async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.body = sdp("offer")
        request.headers = ["Reason: Q.850;cause=31"]
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.reject(leg, SIPResponse(
            status: 488, phrase: "Not\r\nhere", warning: "no \"codec\"\r\nX: y", retryAfter: -3,
            reason: SIPReason(protocolName: "Q 850", cause: 127, text: "a;b")))
        let answer = try #require(await raw.receive("SIP/2.0 488"))
        #expect(answer.hasPrefix("SIP/2.0 488 Not  here\r\n"))
        #expect(answer.header("Warning") == "399 tern.test \"no \\\"codec\\\"  X: y\"")
        #expect(answer.header("Retry-After") == "0")
        #expect(answer.header("Reason") == "SIP;cause=127;text=\"a;b\"")
        #expect(answer.header("X") == nil)
        await callee.endpoint.stop()
    }

    @Test("the 200 has a Contact at which it is reached, with the transport", arguments: [false, true])
    @LoopActor func contact(tcp: Bool) async throws {
        let callee = try RecordedEndpoint()
        let raw = try RawPeer(talkingTo: callee.port, tcp: tcp)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.transport = tcp ? "TCP" : "UDP"
        request.body = sdp("offer")
        raw.send(request.text)
        let leg = try await callee.incoming().leg
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let answer = try #require(await raw.receive("SIP/2.0 200"))
        #expect(answer.header("Contact") == "<sip:127.0.0.1:\(callee.port)\(tcp ? ";transport=tcp" : "")>")
        #expect(answer.header("Content-Type") == "application/sdp")
        #expect(answer.hasSuffix("\r\n\r\n" + sdp("answer")))
        raw.send(request.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        // In-dialog OPTIONS and an unknown INFO leave the call alone.
        raw.send(request.then("OPTIONS", sequence: 2, toTag: answer.tag(of: "To")).text)
        #expect(await raw.receive("SIP/2.0 200") != nil)
        var info = request.then("INFO", sequence: 3, toTag: answer.tag(of: "To"))
        info.body = "?"
        info.contentType = "application/x-unknown"
        raw.send(info.text)
        let refusal = try #require(await raw.receive("SIP/2.0 415"))
        #expect(refusal.header("Accept")?.contains("application/dtmf-relay") == true)
        raw.send(request.then("SUBSCRIBE", sequence: 4, toTag: answer.tag(of: "To")).text)
        #expect(await raw.receive("SIP/2.0 405") != nil)
        var update = request.then("UPDATE", sequence: 5, toTag: answer.tag(of: "To"))
        raw.send(update.text)
        #expect(await raw.receive("SIP/2.0 200") != nil)
        update = request.then("UPDATE", sequence: 6, toTag: answer.tag(of: "To"))
        update.body = sdp("update")
        raw.send(update.text)
        #expect(try await callee.event() == .offer(leg, sdp: sdp("update")))
        callee.endpoint.acceptOffer(leg, sdp: sdp("updated"))
        #expect(await raw.receive("SIP/2.0 200")?.hasSuffix(sdp("updated")) == true)
        update = request.then("UPDATE", sequence: 7, toTag: answer.tag(of: "To"))
        update.body = "hello"
        update.contentType = "text/plain"
        raw.send(update.text)
        #expect(await raw.receive("SIP/2.0 415") != nil)
        var invite = request.then("INVITE", sequence: 8, toTag: answer.tag(of: "To"))
        invite.body = "hello"
        invite.contentType = "text/plain"
        raw.send(invite.text)
        #expect(await raw.receive("SIP/2.0 415") != nil)
        raw.send(request.then("ACK", sequence: 8, toTag: answer.tag(of: "To"), branch: invite.branch).text)
        raw.send(request.then("BYE", sequence: 9, toTag: answer.tag(of: "To")).text)
        #expect(await raw.receive("SIP/2.0 200") != nil)
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        #expect(callee.endpoint.openLegs == 0)
        await callee.endpoint.stop()
    }
}

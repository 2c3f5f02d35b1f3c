import EventLoop
import SIP
import Testing

extension SIPTests {
    /// Offers that do not end by their answer: cancelled, not decided in time, refused, crossed by a BYE, too early.
    @Suite("How offers end")
    struct OfferEndTests {}
}

extension RawCall {
    /// Answers the call, and acknowledges that. The tag of the endpoint's side.
    func establish() async throws -> String? {
        callee.endpoint.answer(leg, sdp: sdp("answer"))
        let tag = await raw.receive("SIP/2.0 200")?.tag(of: "To")
        raw.send(invite.then("ACK", sequence: 1, toTag: tag).text)
        #expect(try await callee.event() == .established(leg))
        return tag
    }

    /// A re-INVITE or UPDATE of the caller's.
    func offer(_ sequence: Int, _ tag: String?, _ name: String, by method: String = "INVITE") -> RawRequest {
        var request = invite.then(method, sequence: sequence, toTag: tag)
        request.body = sdp(name)
        return request
    }

    func respond(_ status: Int, to request: String, body: String = "") {
        raw.send(rawResponse(status, "Status", to: request, port: raw.port, body: body))
    }

    /// Has the endpoint hang up, and answers its BYE.
    func hangUp() async throws {
        callee.endpoint.end(leg, status: 0, reason: nil)
        respond(200, to: try #require(await raw.receive("BYE")))
        try await stop()
    }
}

extension SIPTests.OfferEndTests {
    @Test("a re-INVITE that is cancelled gets 487, the core hears of it, and the next one is taken")
    @LoopActor func cancelled() async throws {
        let call = try await RawCall()
        let tag = try await call.establish()
        let offer = call.offer(2, tag, "hold")
        call.raw.send(offer.text)
        #expect(try await call.callee.event() == .offer(call.leg, sdp: sdp("hold")))
        call.raw.send(offer.then("CANCEL", sequence: 2, toTag: tag, branch: offer.branch).text)
        #expect(await call.raw.receive("SIP/2.0 487")?.header("CSeq") == "2 INVITE")
        call.raw.send(offer.then("ACK", sequence: 2, toTag: tag, branch: offer.branch).text)
        #expect(try await call.callee.event() == .offerWithdrawn(call.leg))
        call.callee.endpoint.acceptOffer(call.leg, sdp: sdp("too late"))
        let next = call.offer(3, tag, "resume")
        call.raw.send(next.text)
        #expect(try await call.callee.event() == .offer(call.leg, sdp: sdp("resume")))
        call.callee.endpoint.acceptOffer(call.leg, sdp: sdp("fine"))
        #expect(await call.raw.receive("SIP/2.0 200")?.hasSuffix(sdp("fine")) == true)
        call.raw.send(next.then("ACK", sequence: 3, toTag: tag).text)
        try await call.hangUp()
    }

    @Test("an offer that the core does not decide about in time is refused, and the core hears of it", arguments: ["INVITE", "UPDATE"])
    @LoopActor func undecided(method: String) async throws {
        let call = try await RawCall { $0.decisionLimit = .milliseconds(200) }
        let tag = try await call.establish()
        let offer = call.offer(2, tag, "hold", by: method)
        call.raw.send(offer.text)
        #expect(try await call.callee.event() == .offer(call.leg, sdp: sdp("hold")))
        #expect(await call.raw.receive("SIP/2.0 488")?.header("Warning") != nil)
        if method == "INVITE" { call.raw.send(offer.then("ACK", sequence: 2, toTag: tag, branch: offer.branch).text) }
        #expect(try await call.callee.event() == .offerWithdrawn(call.leg))
        try await call.hangUp()
    }

    @Test("a refusal of our re-INVITE leaves the session, and the next offer goes out", arguments: [400, 403, 420, 483, 500, 501, 503, 504, 580, 600, 603])
    @LoopActor func refusedByPhone(status: Int) async throws {
        let call = try await RawCall()
        _ = try await call.establish()
        call.callee.endpoint.offer(call.leg, sdp: sdp("ours"))
        call.respond(status, to: try #require(await call.raw.receive("INVITE")))
        #expect(await call.raw.receive()?.hasPrefix("ACK") == true)
        #expect(try await call.callee.event() == .offerRejected(call.leg, status: status, phrase: "Status"))
        call.callee.endpoint.offer(call.leg, sdp: sdp("again"))
        let again = try #require(await call.raw.receive())
        #expect(again.hasPrefix("INVITE"), "\(again)")
        call.respond(200, to: again, body: sdp("fine"))
        #expect(try await call.callee.event() == .offerAccepted(call.leg, sdp: sdp("fine")))
        #expect(await call.raw.receive("ACK") != nil)
        try await call.hangUp()
    }

    @Test("the same of a phone that we called", arguments: [500, 503])
    @LoopActor func refusedByCallee(status: Int) async throws {
        let call = try await RawCallee()
        call.respond(200, body: sdp("answer"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        #expect(await call.raw.receive("ACK") != nil)
        call.caller.endpoint.offer(call.leg, sdp: sdp("ours"))
        let offer = try #require(await call.raw.receive("INVITE"))
        call.raw.send(rawResponse(status, "Status", to: offer, port: call.raw.port))
        #expect(await call.raw.receive("ACK") != nil)
        #expect(try await call.caller.event() == .offerRejected(call.leg, status: status, phrase: "Status"))
        #expect(call.caller.endpoint.localDescription(of: call.leg) == sdp("offer"))
        try await call.finish()
    }

    @Test("a phone that has no such dialog ends the call", arguments: [404, 408, 481])
    @LoopActor func lost(status: Int) async throws {
        let call = try await RawCall()
        _ = try await call.establish()
        call.callee.endpoint.offer(call.leg, sdp: sdp("ours"))
        call.respond(status, to: try #require(await call.raw.receive("INVITE")))
        #expect(try await call.callee.event() == .offerRejected(call.leg, status: status, phrase: "Status"))
        guard case .ended(call.leg, _) = try await call.callee.event() else { return #expect(Bool(false)) }
        try await call.stop()
    }

    @Test("an offer of ours before the caller's ACK goes out after it; a second one is refused at once")
    @LoopActor func beforeACK() async throws {
        let call = try await RawCall()
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let answer = try #require(await call.raw.receive("SIP/2.0 200"))
        call.callee.endpoint.offer(call.leg, sdp: sdp("early"))
        call.callee.endpoint.offer(call.leg, sdp: sdp("second"))
        #expect(try await call.callee.event() == .offerRejected(call.leg, status: 491, phrase: "Request Pending"))
        // What comes before the ACK is the 200 again.
        #expect(await call.raw.receive()?.hasPrefix("SIP/2.0 200") == true)
        call.raw.send(call.invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await call.callee.event() == .established(call.leg))
        let offer = try #require(await call.raw.receive("INVITE"))
        #expect(offer.hasSuffix(sdp("early")))
        call.respond(200, to: offer, body: sdp("fine"))
        #expect(try await call.callee.event() == .offerAccepted(call.leg, sdp: sdp("fine")))
        #expect(await call.raw.receive("ACK") != nil)
        try await call.hangUp()
    }

    @Test("after the peer's BYE its 200 to our re-INVITE is acknowledged, and nothing more is sent", arguments: [true, false], [true, false])
    @LoopActor func crossedByBYE(called: Bool, isTried: Bool) async throws {
        let raw: RawPeer, endpoint: RecordedEndpoint, leg: SIPLegID, bye: RawRequest
        if called {
            let call = try await RawCall()
            let tag = try await call.establish()
            (raw, endpoint, leg) = (call.raw, call.callee, call.leg)
            bye = call.invite.then("BYE", sequence: 2, toTag: tag)
        } else {
            let call = try await RawCallee()
            call.respond(200, body: sdp("answer"))
            _ = try await call.caller.event()
            #expect(await call.raw.receive("ACK") != nil)
            (raw, endpoint, leg) = (call.raw, call.caller, call.leg)
            var request = RawRequest("BYE", to: call.caller.port, from: call.raw.port)
            request.callID = call.invite.header("Call-ID") ?? ""
            request.fromTag = "rawtag"
            request.toTag = call.invite.tag(of: "From")
            bye = request
        }
        endpoint.endpoint.offer(leg, sdp: sdp("ours"))
        let offer = try #require(await raw.receive("INVITE"))
        if isTried { raw.send(rawResponse(100, "Trying", to: offer, port: raw.port)) }
        raw.send(bye.text)
        #expect(await raw.receive("SIP/2.0 200")?.header("CSeq")?.hasSuffix("BYE") == true)
        #expect(try await endpoint.event() == .ended(leg, SIPEnd(.hungUp)))
        // It may be given up, where it can be.
        if isTried { raw.send(rawResponse(200, "OK", to: try #require(await raw.receive("CANCEL")), port: raw.port)) }
        let answer = rawResponse(200, "OK", to: offer, port: raw.port, body: sdp("crossed"))
        for _ in 0..<2 {
            raw.send(answer)
            let ack = try #require(await raw.receive())
            #expect(ack.hasPrefix("ACK "))
            #expect(ack.header("CSeq") == "\(offer.sequence) ACK")
            #expect(ack.tag(of: "To") == offer.tag(of: "To"))
        }
        #expect(await raw.receive(within: .milliseconds(300)) == nil)
        try await endpoint.noLegs()
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }

    @Test("a 200 to our re-INVITE that crosses our BYE is acknowledged, and one BYE is sent", arguments: [false, true])
    @LoopActor func crossesOurBYE(isAnsweredFirst: Bool) async throws {
        let call = try await RawCall()
        _ = try await call.establish()
        call.callee.endpoint.offer(call.leg, sdp: sdp("ours"))
        let offer = try #require(await call.raw.receive("INVITE"))
        call.callee.endpoint.end(call.leg, status: 0, reason: nil)
        let bye = try #require(await call.raw.receive("BYE"))
        if isAnsweredFirst { call.respond(200, to: bye) }
        call.respond(200, to: offer, body: sdp("crossed"))
        let ack = try #require(await call.raw.receive())
        #expect(ack.hasPrefix("ACK ") && ack.header("CSeq") == "\(offer.sequence) ACK")
        if !isAnsweredFirst { call.respond(200, to: bye) }
        #expect(await call.raw.receive(within: .milliseconds(300)) == nil)
        try await call.stop()
    }

    @Test("an offer that the core has not decided about has its response when the peer hangs up", arguments: ["INVITE", "UPDATE"])
    @LoopActor func hangsUpMeanwhile(method: String) async throws {
        let call = try await RawCall()
        let tag = try await call.establish()
        call.raw.send(call.offer(2, tag, "hold", by: method).text)
        #expect(try await call.callee.event() == .offer(call.leg, sdp: sdp("hold")))
        call.raw.send(call.invite.then("BYE", sequence: 3, toTag: tag).text)
        var finals: [String: Int] = [:]
        while finals.count < 2, let text = await call.raw.receive(within: .seconds(5)) {
            if !text.hasPrefix("SIP/2.0 1"), let sequence = text.header("CSeq") { finals[sequence] = Int(text.dropFirst(8).prefix(3)) }
        }
        #expect(finals["3 BYE"] == 200 && (finals["2 \(method)"] ?? 0) >= 400, "\(finals)")
        #expect(try await call.callee.event() == .ended(call.leg, SIPEnd(.hungUp)))
        try await call.stop()
    }
}

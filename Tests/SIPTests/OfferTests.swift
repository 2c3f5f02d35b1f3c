import EventLoop
import SIP
import Testing

extension SIPTests {
    @Suite("Offers within the dialog")
    struct OfferTests {}
}

extension SIPTests.OfferTests {
    @Test("a re-INVITE is accepted, in either direction")
    @LoopActor func accepted() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("hold"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("hold")))
            callee.endpoint.acceptOffer(leg, sdp: sdp("held"))
            #expect(try await caller.event() == .offerAccepted(out, sdp: sdp("held")))
            try await eventually(within: .seconds(20), "the ACK") { true }
            callee.endpoint.offer(leg, sdp: sdp("resume"))
            #expect(try await caller.event() == .offer(out, sdp: sdp("resume")))
            caller.endpoint.acceptOffer(out, sdp: sdp("resumed"))
            #expect(try await callee.event() == .offerAccepted(leg, sdp: sdp("resumed")))
            callee.endpoint.end(leg, status: 0, reason: nil)
            #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        }
    }

    @Test("a refused re-INVITE leaves the session as it was", arguments: [(488, 488), (404, 488), (481, 488), (491, 491)])
    @LoopActor func refused(status: Int, sent: Int) async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("other"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("other")))
            callee.endpoint.rejectOffer(leg, SIPResponse(status: status, warning: "no \"common\" codec"))
            guard case .offerRejected(out, sent, _) = try await caller.event() else {
                Issue.record("no rejection with \(sent)")
                return
            }
            // It still stands, and the next offer goes through.
            callee.endpoint.offer(leg, sdp: sdp("again"))
            #expect(try await caller.event() == .offer(out, sdp: sdp("again")))
            caller.endpoint.acceptOffer(out, sdp: nil)
            #expect(try await callee.event() == .offerAccepted(leg, sdp: sdp("offer")))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("a re-INVITE with the description of before is answered by the endpoint itself")
    @LoopActor func refreshed() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("offer"))
            #expect(try await caller.event() == .offerAccepted(out, sdp: sdp("answer")))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("a re-INVITE without an offer gets ours in the 200, and its answer in the ACK")
    @LoopActor func lateOffer() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: nil)
            #expect(try await callee.event() == .offer(leg, sdp: nil))
            callee.endpoint.acceptOffer(leg, sdp: sdp("new"))
            #expect(try await caller.event() == .offerAccepted(out, sdp: sdp("new")))
            caller.endpoint.acknowledge(out, sdp: sdp("fine"))
            #expect(try await callee.event() == .offerCompleted(leg, sdp: sdp("fine")))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("offers that cross: one is refused with 491, and the call stands")
    @LoopActor func glare() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("one"))
            callee.endpoint.offer(leg, sdp: sdp("two"))
            guard case .offerRejected(out, 491, _) = try await caller.event(),
                case .offerRejected(leg, 491, _) = try await callee.event()
            else {
                Issue.record("glare was not refused on both sides")
                return
            }
            caller.endpoint.offer(out, sdp: sdp("three"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("three")))
            callee.endpoint.acceptOffer(leg, sdp: sdp("four"))
            #expect(try await caller.event() == .offerAccepted(out, sdp: sdp("four")))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("a second offer of ours while one is under way is refused at once")
    @LoopActor func overlapping() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("one"))
            caller.endpoint.offer(out, sdp: sdp("two"))
            #expect(try await caller.event() == .offerRejected(out, status: 491, phrase: "Request Pending"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("one")))
            callee.endpoint.end(leg, status: 0, reason: nil)
            guard case .offerRejected(out, 487, _) = try await caller.event() else {
                Issue.record("the offer was not ended")
                return
            }
            #expect(try await caller.event() == .ended(out, SIPEnd(.hungUp)))
        }
    }

    @Test("an offer that the core does not decide about is refused; the call stands")
    @LoopActor func undecided() async throws {
        try await withPair(adjust: { $0.decisionLimit = .milliseconds(200) }) { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            caller.endpoint.offer(out, sdp: sdp("one"))
            #expect(try await callee.event() == .offer(leg, sdp: sdp("one")))
            guard case .offerRejected(out, 488, _) = try await caller.event() else {
                Issue.record("not refused")
                return
            }
            #expect(try await callee.event() == .offerWithdrawn(leg))
            callee.endpoint.acceptOffer(leg, sdp: sdp("too late"))
            caller.endpoint.end(out, status: 0, reason: nil)
            let last = try await callee.event()
            #expect(last == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    @Test("INFO with a body that a gateway knows arrives")
    @LoopActor func info() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            let key = SIPInfo.digit(SIPDigit("5", duration: 160), .relay)
            caller.endpoint.info(out, key)
            #expect(try await callee.event() == .info(leg, key))
            #expect(try await caller.event() == .infoAnswered(out, status: 200))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        }
    }

    /// A call from a raw phone that stands, and the To tag of it.
    @LoopActor
    private func standing() async throws -> (call: RawCall, tag: String?) {
        let call = try await RawCall()
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let tag = await call.raw.receive("SIP/2.0 200")?.tag(of: "To")
        call.raw.send(call.invite.then("ACK", sequence: 1, toTag: tag).text)
        #expect(try await call.callee.event() == .established(call.leg))
        return (call, tag)
    }

    @LoopActor
    private func hangUp(_ call: RawCall) async throws {
        call.callee.endpoint.end(call.leg, status: 0, reason: nil)
        let bye = try #require(await call.raw.receive("BYE"))
        call.raw.send(rawResponse(200, "OK", to: bye, port: call.raw.port))
        try await call.stop()
    }

    @Test("an UPDATE with an offer is accepted or refused by the core; another meanwhile gets 500 with Retry-After", arguments: [200, 488])
    @LoopActor func update(status: Int) async throws {
        let (call, tag) = try await standing()
        var update = call.invite.then("UPDATE", sequence: 2, toTag: tag)
        update.body = sdp("hold")
        call.raw.send(update.text)
        #expect(try await call.callee.event() == .offer(call.leg, sdp: sdp("hold")))
        var another = call.invite.then("UPDATE", sequence: 3, toTag: tag)
        another.body = sdp("resume")
        call.raw.send(another.text)
        let overlap = try #require(await call.raw.receive("SIP/2.0 500"))
        #expect(overlap.header("CSeq") == "3 UPDATE")
        #expect((0...10).contains(overlap.header("Retry-After").flatMap { Int($0) } ?? -1))
        if status == 200 {
            call.callee.endpoint.acceptOffer(call.leg, sdp: sdp("held"))
        } else {
            call.callee.endpoint.rejectOffer(call.leg, SIPResponse(status: status, warning: "no"))
        }
        let answer = try #require(await call.raw.receive("SIP/2.0 \(status)"))
        #expect(answer.header("CSeq") == "2 UPDATE")
        #expect(answer.hasSuffix(sdp("held")) == (status == 200))
        try await hangUp(call)
    }

    @Test("an UPDATE before the answer: 200 without an offer; with one 500 with Retry-After, where nothing was agreed on reliably", arguments: [false, true])
    @LoopActor func earlyUpdate(isReliable: Bool) async throws {
        let call = try await RawCall(headers: isReliable ? ["Supported: 100rel"] : [])
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        let early = try #require(await call.raw.receive("SIP/2.0 183"))
        for (sequence, body, status) in [(3, "", 200), (4, sdp("other"), 500)] {
            var update = call.invite.then("UPDATE", sequence: sequence, toTag: early.tag(of: "To"))
            update.body = body
            call.raw.send(update.text)
            let response = try #require(await call.raw.receive("SIP/2.0 \(status)"))
            #expect(response.header("CSeq") == "\(sequence) UPDATE")
            #expect((response.header("Retry-After") != nil) == (status == 500))
        }
        if isReliable {
            call.raw.send(call.prack(early, sequence: 5).text)
            #expect(await call.raw.receive("SIP/2.0 200") != nil)
        }
        call.callee.endpoint.answer(call.leg, sdp: sdp("early"))
        try await call.finish(try #require(await call.raw.receive("SIP/2.0 200")))
    }

    @Test("after a reliable answer a caller offers anew by UPDATE or in a PRACK, before we have answered the call", arguments: ["UPDATE", "PRACK"], [200, 488])
    @LoopActor func earlyOffer(method: String, status: Int) async throws {
        let call = try await RawCall(headers: ["Supported: 100rel"])
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        let early = try #require(await call.raw.receive("SIP/2.0 183"))
        var offer = call.prack(early, body: sdp("other"))
        if method == "UPDATE" {
            call.raw.send(call.prack(early).text)
            #expect(await call.raw.receive("SIP/2.0 200") != nil)
            offer = call.invite.then("UPDATE", sequence: 3, toTag: early.tag(of: "To"))
            offer.body = sdp("other")
        }
        call.raw.send(offer.text)
        #expect(try await call.callee.event() == .offer(call.leg, sdp: sdp("other")))
        if status == 200 {
            call.callee.endpoint.acceptOffer(call.leg, sdp: sdp("fine"))
        } else {
            call.callee.endpoint.rejectOffer(call.leg, SIPResponse(status: 404))
        }
        let response = try #require(await call.raw.receive("SIP/2.0 \(status)"))
        #expect(response.header("CSeq")?.hasSuffix(method) == true)
        #expect(response.hasSuffix(sdp("fine")) == (status == 200))
        call.callee.endpoint.answer(call.leg, sdp: sdp(status == 200 ? "fine" : "early"))
        let answer = try #require(await call.raw.receive("SIP/2.0 200"))
        call.raw.send(call.invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await call.callee.event() == .established(call.leg))
        #expect(call.callee.endpoint.remoteDescription(of: call.leg) == sdp(status == 200 ? "other" : "offer"))
        try await hangUp(call)
    }

    @Test("an offer before the answer that the core has not decided about ends with the call's answer, or with the call", arguments: [true, false])
    @LoopActor func earlyOfferEnds(isAnswered: Bool) async throws {
        let call = try await RawCall(headers: ["Supported: 100rel"])
        call.callee.endpoint.ring(call.leg, status: 183, sdp: sdp("early"))
        let early = try #require(await call.raw.receive("SIP/2.0 183"))
        call.raw.send(call.prack(early).text)
        #expect(await call.raw.receive("SIP/2.0 200") != nil)
        var update = call.invite.then("UPDATE", sequence: 3, toTag: early.tag(of: "To"))
        update.body = sdp("other")
        call.raw.send(update.text)
        #expect(try await call.callee.event() == .offer(call.leg, sdp: sdp("other")))
        if isAnswered {
            call.callee.endpoint.answer(call.leg, sdp: sdp("early"))
        } else {
            call.callee.endpoint.reject(call.leg, SIPResponse(status: 486))
        }
        #expect(await call.raw.receive("SIP/2.0 500")?.header("CSeq") == "3 UPDATE")
        if isAnswered { #expect(try await call.callee.event() == .offerWithdrawn(call.leg)) }
        guard isAnswered else {
            #expect(await call.raw.receive("SIP/2.0 486") != nil)
            call.raw.send(call.invite.then("ACK", sequence: 1, toTag: early.tag(of: "To"), branch: call.invite.branch).text)
            return try await call.stop()
        }
        try await call.finish(try #require(await call.raw.receive("SIP/2.0 200")))
    }

    @Test("an early UPDATE of a phone that we call: 200 without an offer, 491 with one where its answer was not reliable")
    @LoopActor func earlyUpdateOfCallee() async throws {
        let call = try await RawCallee()
        call.reliable(180, 1)
        _ = try await call.caller.event()
        call.accept(await call.raw.receive("PRACK"))
        for (sequence, body, status) in [(1, "", 200), (2, sdp("other"), 491)] {
            call.raw.send(update(of: call, sequence, body).text)
            #expect(await call.raw.receive("SIP/2.0 \(status)") != nil)
        }
        call.respond(200, body: sdp("answer"))
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
        #expect(await call.raw.receive("ACK") != nil)
        try await call.finish()
    }

    @Test("after its reliable answer a phone that we call offers anew by UPDATE", arguments: [200, 488])
    @LoopActor func earlyOfferOfCallee(status: Int) async throws {
        let call = try await RawCallee()
        call.reliable(183, 1, body: sdp("early"))
        _ = try await call.caller.event()
        call.accept(await call.raw.receive("PRACK"))
        call.raw.send(update(of: call, 1, sdp("other")).text)
        #expect(try await call.caller.event() == .offer(call.leg, sdp: sdp("other")))
        call.raw.send(update(of: call, 2, sdp("third")).text)
        #expect(await call.raw.receive("SIP/2.0 500")?.header("CSeq") == "2 UPDATE")
        if status == 200 {
            call.caller.endpoint.acceptOffer(call.leg, sdp: sdp("fine"))
        } else {
            call.caller.endpoint.rejectOffer(call.leg, SIPResponse(status: 488))
        }
        #expect(await call.raw.receive("SIP/2.0 \(status)")?.hasSuffix(sdp("fine")) == (status == 200))
        call.respond(200)
        #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp(status == 200 ? "other" : "early")))
        #expect(call.caller.endpoint.localDescription(of: call.leg) == sdp(status == 200 ? "fine" : "offer"))
        #expect(await call.raw.receive("ACK") != nil)
        try await call.finish()
    }

    @LoopActor
    private func update(of call: RawCallee, _ sequence: Int, _ body: String) -> RawRequest {
        var update = RawRequest("UPDATE", to: call.caller.port, from: call.raw.port)
        update.callID = call.invite.header("Call-ID") ?? ""
        update.fromTag = "rawtag"
        update.toTag = call.invite.tag(of: "From")
        update.sequence = sequence
        update.body = body
        return update
    }

    @Test("a re-INVITE or an UPDATE that crosses our re-INVITE gets 491, and ours goes on", arguments: ["INVITE", "UPDATE"])
    @LoopActor func glareWithPhone(method: String) async throws {
        let (call, tag) = try await standing()
        call.callee.endpoint.offer(call.leg, sdp: sdp("ours"))
        let ours = try #require(await call.raw.receive("INVITE"))
        var theirs = call.invite.then(method, sequence: 2, toTag: tag)
        theirs.body = sdp("theirs")
        call.raw.send(theirs.text)
        #expect(await call.raw.receive("SIP/2.0 491") != nil)
        if method == "INVITE" { call.raw.send(theirs.then("ACK", sequence: 2, toTag: tag, branch: theirs.branch).text) }
        call.raw.send(rawResponse(200, "OK", to: ours, port: call.raw.port, body: sdp("fine")))
        #expect(try await call.callee.event() == .offerAccepted(call.leg, sdp: sdp("fine")))
        #expect(await call.raw.receive("ACK") != nil)
        try await hangUp(call)
    }

    @Test("retransmissions get the same response again, and the core hears of nothing")
    @LoopActor func retransmissions() async throws {
        let call = try await RawCall()
        call.callee.endpoint.ring(call.leg, status: 180, sdp: nil)
        let ringing = try #require(await call.raw.receive("SIP/2.0 180"))
        call.raw.send(call.invite.text)
        #expect(await call.raw.receive("SIP/2.0 180") == ringing)
        call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
        let answer = try #require(await call.raw.receive("SIP/2.0 200"))
        call.raw.send(call.invite.text)
        #expect(await call.raw.receive("SIP/2.0 200") == answer)
        let ack = call.invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To"))
        call.raw.send(ack.text)
        #expect(try await call.callee.event() == .established(call.leg))
        call.raw.send(ack.text)
        var offer = call.invite.then("INVITE", sequence: 2, toTag: answer.tag(of: "To"))
        offer.body = sdp("hold")
        call.raw.send(offer.text)
        #expect(try await call.callee.event() == .offer(call.leg, sdp: sdp("hold")))
        call.raw.send(offer.text)
        call.callee.endpoint.acceptOffer(call.leg, sdp: sdp("held"))
        let held = try #require(await call.raw.receive("SIP/2.0 200"))
        call.raw.send(offer.text)
        #expect(await call.raw.receive("SIP/2.0 200") == held)
        call.raw.send(offer.then("ACK", sequence: 2, toTag: answer.tag(of: "To")).text)
        #expect(call.callee.unread.isEmpty)
        try await hangUp(call)
    }
}

import Testing

@testable import ProxyCore

@Suite("A phone that wants an offer")
struct LateOfferTests {
    private func session(_ kind: SessionKind, _ policy: SRTPPolicy = .optional) -> ProxySession {
        ProxySession(
            id: "s", kind: kind, options: SessionOptions(), address: "192.0.2.1", number: 7,
            profiles: [.caller: SIPProfile(srtp: policy), .callee: SIPProfile(srtp: policy)])
    }

    private func step(_ actions: [ProxySession.Action]) -> MediaStep? {
        let steps = actions.compactMap { if case .perform(let step) = $0 { step } else { nil } }
        return steps.count == 1 ? steps.first : nil
    }

    private func offer(_ actions: [ProxySession.Action]) -> String? {
        if case .deliverOffer(_, let sdp)? = actions.first { sdp } else { nil }
    }

    /// A phone and a browser that talk; `answer` is what the phone has been told.
    private func talking(_ phone: String = Fixture.phoneOffer) -> (ProxySession, answer: String) {
        var session = session(.proxy(caller: .rtp, callee: .webrtc))
        _ = session.handle(.offered(.caller, sdp: phone, trickle: false))
        _ = session.handle(.stepDone(""))
        _ = session.handle(.stepDone(Fixture.browserOffer))
        _ = session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
        guard case .deliverAnswer(.caller, let answer) = session.handle(.stepDone(Fixture.phoneAnswer)).first else {
            Issue.record("no call")
            return (session, "")
        }
        return (session, answer)
    }

    // MARK: In its dialog

    @Test("gets what was sent last, and an answer that says nothing new changes nothing")
    func unchanged() {
        var (session, answer) = talking()
        #expect(session.handle(.offerWanted(.caller)) == [.deliverOffer(.caller, answer)])
        #expect(session.handle(.offered(.callee, sdp: Fixture.browserOffer, trickle: false)) == [.refuseOffer(.callee, ProxySession.glare)])
        let same = Fixture.phoneOffer.replacing(" 0 101", with: " 0").replacing("a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n", with: "")
        var (other, _) = talking(same)
        _ = other.handle(.offerWanted(.caller))
        #expect(other.handle(.answered(sdp: same, trickle: false)) == [])
        #expect(other.state == .stable)
    }

    @Test("another address in its answer is for NoSIP alone")
    func moved() {
        var (session, _) = talking()
        _ = session.handle(.offerWanted(.caller))
        let moved = Fixture.phoneAnswer.replacing("192.0.2.21", with: "192.0.2.99").replacing(" 4002 ", with: " 4444 ")
        guard case .process(.caller, let text, .answer) = step(session.handle(.answered(sdp: moved, trickle: false))) else {
            Issue.record("NoSIP was not told")
            return
        }
        #expect(text.contains("m=audio 4444 ") && text.contains("192.0.2.99"))
        #expect(session.handle(.stepDone(Fixture.browserAnswer)) == [] && session.state == .stable)
    }

    @Test("another direction in its answer goes to the other side as an offer, whose answer is for nobody")
    func held() {
        var (session, _) = talking()
        _ = session.handle(.offerWanted(.caller))
        let held = Fixture.phoneAnswer.replacing("sendrecv", with: "sendonly")
        guard case .process(.caller, _, .offer) = step(session.handle(.answered(sdp: held, trickle: false))),
            case .deliverOffer(.callee, _) = session.handle(.stepDone(Fixture.browserOffer)).first,
            case .generate(.caller, _, _) = step(session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false)))
        else {
            Issue.record("the hold was not carried")
            return
        }
        #expect(session.handle(.stepDone(Fixture.phoneAnswer)) == [.held(by: .caller, true)])
        #expect(session.state == .stable)
    }

    @Test("that holds the call is offered all of it, as it could not resume otherwise")
    func resume() throws {
        var (session, _) = talking(Fixture.phoneOffer.replacing("sendrecv", with: "sendonly"))
        let offered = try #require(offer(session.handle(.offerWanted(.caller))))
        #expect(offered.contains("a=sendrecv") && offered.contains("o=- 7 2 "))
        guard case .process(.caller, _, .offer) = step(session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))) else {
            Issue.record("the other side does not hear that it goes on")
            return
        }
    }

    @Test("a bad answer, or none, leaves what stood", arguments: ["nonsense", nil])
    func bad(_ answer: String?) throws {
        var (session, _) = talking()
        let first = try #require(offer(session.handle(.offerWanted(.caller))))
        #expect(session.handle(answer.map { .answered(sdp: $0, trickle: false) } ?? .declined(.refused("no"))) == [])
        #expect(session.state == .stable && offer(session.handle(.offerWanted(.caller))) == first)
    }

    @Test("a browser is not given an offer that it has not asked for")
    func browser() {
        var (session, _) = talking()
        guard case .refuseOffer(.callee, .unsupported) = session.handle(.offerWanted(.callee)).first else {
            Issue.record("an offer for a browser")
            return
        }
    }

    @Test("that answers a refresh otherwise than before is followed: NoSIP, or the other side")
    func refreshed() {
        var (session, _) = talking()
        let moved = Fixture.phoneAnswer.replacing(" 4002 ", with: " 4444 ")
        guard case .process(.caller, let text, .answer) = step(session.handle(.refreshed(.caller, sdp: moved))) else {
            Issue.record("NoSIP was not told")
            return
        }
        #expect(text.contains("m=audio 4444 "))
        #expect(session.handle(.refreshed(.caller, sdp: moved)) == [], "while another change is under way")
        _ = session.handle(.stepDone(Fixture.browserAnswer))
        #expect(session.handle(.refreshed(.caller, sdp: "nonsense")) == [] && session.state == .stable)
        #expect(session.handle(.refreshed(.caller, sdp: moved)) == [] && session.state == .stable)
        guard case .process(.caller, _, .offer) = step(session.handle(.refreshed(.caller, sdp: moved.replacing("sendrecv", with: "sendonly")))) else {
            Issue.record("the other side was not told")
            return
        }
        var call = Call(id: "c", echo: true, legs: [])
        #expect(call.handle(.refreshed(.caller, sdp: "A")) == [])
        _ = call.handle(.start(offer: "O", trickle: false))
        _ = call.handle(.sessionAnswers(.caller, "B"))
        #expect(call.handle(.refreshed(.caller, sdp: "A")) == [.refreshSession(.caller, sdp: "A")])
    }

    // MARK: The echo

    @Test("gets all our codecs from the echo, whichever of them the echo chose, and NoSIP the address of its answer")
    func echo() throws {
        var session = session(.echo(.rtp))
        #expect(session.handle(.offerWanted(.caller)) == [.perform(.attach(SessionKind.echo(.rtp).handles))])
        guard case .process(.caller, let synthetic, .offer) = step(session.handle(.stepDone(""))),
            case .echo(.echo, _, _) = step(session.handle(.stepDone(Fixture.browserOffer))),
            case .generate(.caller, let echoed, nil) = step(session.handle(.stepDone(Fixture.browserAnswer)))
        else {
            Issue.record("the echo was not asked")
            return
        }
        #expect(synthetic.contains("m=audio 9 RTP/AVP 111 9 0 8 110 101\r\nc=IN IP4 192.0.2.1"))
        #expect(echoed.role == .answer && echoed.sdp.contains("SAVPF 111 9 0 8 110 101\r\n"))
        let generated = echoed.sdp.replacing("m=audio 9 UDP/TLS/RTP/SAVPF", with: "m=audio 20000 RTP/AVP")
        let offered = try #require(offer(session.handle(.stepDone(generated))))
        #expect(offered.contains("m=audio 20000 RTP/AVP 111 9 0 8 110 101") && !session.isEstablished)
        guard case .process(.caller, let plain, .answer) = step(session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))) else {
            Issue.record("NoSIP does not hear where the phone is")
            return
        }
        #expect(plain.contains("m=audio 4002 RTP/AVP 0\r\nc=IN IP4 192.0.2.21"))
        #expect(session.handle(.stepDone(Fixture.browserAnswer)) == [])
        #expect(session.isEstablished && session.state == .stable)
        // A later offer of the phone's goes the usual way.
        #expect(step(session.handle(.offered(.caller, sdp: Fixture.phoneOffer, trickle: false))) != nil)
    }

    @Test("that brings the echo no answer ends the session")
    func echoWithoutAnswer() {
        var session = session(.echo(.rtp))
        _ = session.handle(.offerWanted(.caller))
        for text in ["", Fixture.browserOffer, Fixture.browserAnswer, Fixture.phoneAnswer] { _ = session.handle(.stepDone(text)) }
        #expect(session.handle(.declined(.refused("no"))) == [.end(SessionEnd(code: 488, reason: "no"))])
    }

    @Test("gets none from the echo where SRTP is required")
    func echoWithSRTP() {
        var session = session(.echo(.rtp), .required)
        guard case .refuseOffer(.caller, .refused) = session.handle(.offerWanted(.caller)).first else {
            Issue.record("offered")
            return
        }
    }

    // MARK: In a call

    @Test("in a call, the offer answers its re-INVITE, and its answer is the session's")
    func call() {
        var call = Call(id: "c", echo: false, legs: [1])
        #expect(call.handle(.offerWanted(.caller)) == [.refuseOffer(.caller, nil, .state("the call is not established"))])
        _ = call.handle(.start(offer: "O", trickle: false))
        _ = call.handle(.sessionOffers(.callee, "P"))
        _ = call.handle(.accepted(1, sdp: "A", trickle: false))
        _ = call.handle(.sessionAnswers(.caller, "B"))
        #expect(call.handle(.offerWanted(.callee)) == [.askSession(.callee)])
        #expect(call.handle(.offerWanted(.caller)) == [.refuseOffer(.caller, nil, .state("another offer is being answered"))])
        #expect(call.handle(.sessionOffers(.callee, "Q")) == [.carryAnswer(.callee, 1, "Q")])
        #expect(call.handle(.answered(.callee, sdp: "R", trickle: false)) == [.answerSession(sdp: "R", trickle: false)])
        // What follows from the answer is an offer like any other.
        #expect(call.handle(.sessionOffers(.caller, "S")) == [.carryOffer(.caller, nil, "S")])
        // A refusal is told to whoever asked, and another may follow.
        _ = call.handle(.offerWanted(.caller))
        let failure = SessionFailure.state("no")
        #expect(call.handle(.offerRefused(.caller, failure)) == [.refuseOffer(.caller, nil, failure)])
        #expect(call.handle(.offerWanted(.caller)) == [.askSession(.caller)])
    }

    @Test("a call to the echo without an offer is answered with one")
    func echoCall() {
        var call = Call(id: "c", echo: true, legs: [])
        #expect(call.handle(.start(offer: nil, trickle: false)) == [.askSession(.caller)])
        #expect(call.handle(.sessionOffers(.caller, "O")) == [.answerCaller("O"), .startTimer(.duration)])
        #expect(call.handle(.answered(.caller, sdp: "A", trickle: false)) == [.answerSession(sdp: "A", trickle: false)])
        let end = SessionEnd(code: 488, reason: "no")
        #expect(call.handle(.sessionEnded(end)).contains(.hangUpCaller(CallEnd(status: 488, reason: "no", by: .gateway))))
    }
}

@Suite("After a refused change between two phones")
struct ReplayTests {
    @Test("Janus goes through the exchange that stands once more, without a word to the phones")
    func replay() {
        var session = ProxySession(
            id: "s", kind: .proxy(caller: .rtp, callee: .rtp), options: SessionOptions(), address: "192.0.2.1", number: 7)
        _ = session.handle(.offered(.caller, sdp: Fixture.phoneOffer, trickle: false))
        for text in ["", Fixture.browserOffer, Fixture.phoneOffer] { _ = session.handle(.stepDone(text)) }
        _ = session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))
        for text in [Fixture.browserAnswer, Fixture.phoneAnswer] { _ = session.handle(.stepDone(text)) }
        #expect(session.state == .stable)

        let moved = Fixture.phoneAnswer.replacing(" 4002 ", with: " 4444 ").replacing("sendrecv", with: "inactive")
        _ = session.handle(.offered(.callee, sdp: moved, trickle: false))
        _ = session.handle(.stepDone(Fixture.browserOffer))
        _ = session.handle(.stepDone(Fixture.phoneOffer))
        var actions = session.handle(.declined(.refused("no")))
        #expect(actions.first == .refuseOffer(.callee, .refused("no")))
        var steps: [MediaStep] = []
        for text in [Fixture.browserOffer, Fixture.phoneOffer, Fixture.browserAnswer, Fixture.phoneAnswer] {
            #expect(session.state != .stable)
            for case .perform(let step) in actions { steps.append(step) }
            actions = session.handle(.stepDone(text))
            #expect(!actions.contains { if case .deliverOffer = $0 { true } else { false } })
        }
        guard steps.count == 4, case .process(.callee, let back, .offer) = steps[0], case .generate(.caller, _, _) = steps[1],
            case .process(.caller, let other, .answer) = steps[2], case .generate(.callee, _, _) = steps[3]
        else {
            Issue.record("\(steps)")
            return
        }
        #expect(back.contains("m=audio 4002 ") && back.contains("a=sendrecv") && other.contains("m=audio 4000 "))
        #expect(actions == [] && session.state == .stable)
    }
}

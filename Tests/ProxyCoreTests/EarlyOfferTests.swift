import Testing

@testable import ProxyCore

/// Further offers before the call is answered (RFC 3311 section 5.1).
@Suite("An offer before the answer")
struct EarlyOfferTests {
    /// A call that rings one party, whose early answer the caller has.
    private func ringing() -> Call {
        var call = Call(id: "c", stages: [.parties([Call.Party(1)])])
        _ = call.handle(.start(offer: "offer"))
        _ = call.handle(.sessionOffers(.callee, "theirs"))
        _ = call.handle(.progress(1, "early"))
        #expect(call.handle(.sessionAnswers(.caller, "answer")).contains(.progressCaller("answer")))
        return call
    }

    @Test("the session answers the caller's, and the last answer is the one in the 200")
    func caller() {
        var call = ringing()
        #expect(call.handle(.offeredEarly(nil, "again")) == [.tellSession(.caller, .offeredEarly("again"), branch: 1)])
        let busy = SessionFailure.state("nothing has been agreed on yet")
        #expect(call.handle(.offeredEarly(1, "crossing")) == [.refuseOffer(.callee, 1, busy)])
        #expect(call.handle(.sessionAnswers(.caller, "another answer")) == [.sendAnswer(.caller, nil, "another answer")])
        #expect(call.handle(.accepted(1, nil)).contains(.answerCaller("another answer")))
    }

    @Test("the session answers the called phone's, or refuses it; the call rings on")
    func callee() {
        var call = ringing()
        #expect(call.handle(.offeredEarly(1, "again")) == [.tellSession(.callee, .offeredEarly("again"), branch: 1)])
        #expect(call.handle(.sessionAnswers(.callee, "ours")) == [.sendAnswer(.callee, 1, "ours")])
        _ = call.handle(.offeredEarly(1, "third"))
        #expect(call.handle(.offerRefused(.callee, .refused("no"))) == [.refuseOffer(.callee, 1, .refused("no"))])
        #expect(call.handle(.accepted(1, nil)).contains(.answerCaller("answer")))
    }

    @Test("before anything is agreed on, from another leg, and after the end it is refused")
    func tooEarly() {
        var call = Call(id: "c", stages: [.parties([Call.Party(1), Call.Party(2)])])
        _ = call.handle(.start(offer: "offer"))
        _ = call.handle(.sessionOffers(.callee, "theirs"))
        let failure = SessionFailure.state("nothing has been agreed on yet")
        for leg in [nil, 1, 2] {
            #expect(call.handle(.offeredEarly(leg, "x")) == [.refuseOffer(leg == nil ? .caller : .callee, leg, failure)])
        }
        var other = ringing()
        #expect(other.handle(.offeredEarly(2, "x")) == [.refuseOffer(.callee, 2, failure)])
    }

    @Test("one that its side takes back is forgotten: what the session still makes of it is for nobody")
    func withdrawn() {
        var call = ringing()
        _ = call.handle(.offeredEarly(1, "again"))
        #expect(call.handle(.withdrawn(.caller)) == [])
        #expect(call.handle(.withdrawn(.callee)) == [.tellSession(.callee, .withdrawn, branch: 1)])
        #expect(call.handle(.sessionAnswers(.caller, "more")).contains(.progressCaller("more")))
        #expect(call.handle(.offeredEarly(1, "third")) == [.tellSession(.callee, .offeredEarly("third"), branch: 1)])
    }

    @Test("a final description that the session does not take is for nobody, and the next offers go to the session")
    func finalRefused() {
        var call = ringing()
        #expect(call.handle(.accepted(1, "final")).last == .tellSession(.callee, .offered("final")))
        let busy = SessionFailure.state("another offer is being answered")
        #expect(call.handle(.offered(.caller, "more")) == [.refuseOffer(.caller, nil, busy)])
        #expect(call.handle(.offerRefused(.callee, .refused("no"))) == [])
        #expect(call.handle(.offered(.caller, "more")) == [.tellSession(.caller, .offered("more"))])
    }

    @Test("a phone that wants an offer before the call is answered hears that it has to wait: its dialog may be older, or its answer on the way")
    func wantedTooEarly() {
        let failure = SessionFailure.state("the call is not established")
        var call = Call(id: "c", stages: [.parties([Call.Party(1), Call.Party(2)])])
        _ = call.handle(.start(offer: "offer"))
        _ = call.handle(.sessionOffers(.callee, "theirs"))
        #expect(call.handle(.offerWanted(.callee, 1)) == [.refuseOffer(.callee, 1, failure)])
        _ = call.handle(.accepted(2, "answer"))
        #expect(call.handle(.offerWanted(.callee, 2)) == [.refuseOffer(.callee, 2, failure)])
        #expect(call.handle(.offerWanted(.caller)) == [.refuseOffer(.caller, nil, failure)])
    }

    private static let kinds = [SessionKind.proxy(caller: .rtp, callee: .rtp), .proxy(caller: .rtp, callee: .webrtc)]

    @Test("with the same media elsewhere it gets what was said before, and its leg hears of the address; the other side hears nothing", arguments: kinds)
    func moved(kind: SessionKind) throws {
        var driven = DrivenSession.talking(kind)
        let other = driven.settings[.callee], steps = driven.steps.count
        let actions = driven.send(.offeredEarly(.caller, .said(Fixture.phoneOffer.replacing("m=audio 4000", with: "m=audio 4100"))))
        let answer = try #require(actions.answers(to: .caller).first)
        #expect(actions.count == 1 && answer.contains("RTP/AVP 0") && driven.session.state == .stable)
        #expect(driven.medium(.caller)?.phone?.port == 4100 && driven.settings[.callee] == other && driven.steps.count == steps)
        let same = driven.send(.offeredEarly(.caller, .said(Fixture.phoneOffer.replacing("m=audio 4000", with: "m=audio 4100"))))
        #expect(same == [.sendAnswer(.caller, .said(answer))], "nothing has changed")
    }

    @Test("with other media, or unreadable, it is refused and changes nothing", arguments: kinds)
    func other(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        let before = driven.settings
        for offer in [Fixture.phoneOffer.replacing("sendrecv", with: "inactive"), "nonsense"] {
            let actions = driven.send(.offeredEarly(.caller, .said(offer)))
            guard actions.count == 1, case .refuseOffer(.caller, _)? = actions.first else {
                Issue.record("not refused: \(actions)")
                return
            }
        }
        #expect(driven.session.state == .stable && driven.session.agreedMedia(of: .caller).map(\.direction) == [.sendrecv])
        #expect(driven.settings == before)
    }
}

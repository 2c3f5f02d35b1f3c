import SDP
import Testing

@testable import ProxyCore

@Suite("A phone that wants an offer")
struct LateOfferTests {
    private static let kind = SessionKind.proxy(caller: .rtp, callee: .webrtc)

    private let moved = Fixture.phoneAnswer.replacing("192.0.2.21", with: "192.0.2.99").replacing(" 4002 ", with: " 4444 ")

    // MARK: In its dialog

    @Test("an answer to a refresh that waits is forgotten when the phone says something newer")
    func outdatedRefresh() {
        var driven = DrivenSession.talking(.proxy(caller: .webrtc, callee: .rtp))
        driven.answersSteps = false
        driven.send(.offered(.caller, .said(Fixture.version(2, of: Fixture.browserOffer).replacing("a=sendrecv", with: "a=recvonly"))))
        driven.send(.refreshed(.callee, .said(Fixture.phoneAnswer.replacing("m=audio 4", with: "m=audio 5"))))
        driven.resume()
        driven.answer(Fixture.phoneAnswer.replacing("a=sendrecv", with: "a=sendonly"))
        #expect(driven.session.state == .stable && driven.medium(.callee)?.phone?.port == 4002, "\(String(describing: driven.medium(.callee)))")
    }

    @Test("gets what was sent last, and an answer that says nothing new changes nothing")
    func unchanged() throws {
        let phone = Fixture.phoneAnswer
        var driven = DrivenSession.talking(Self.kind, caller: phone)
        let answer = try #require(driven.answers[.caller])
        #expect(driven.send(.offerWanted(.caller)) == [.sendOffer(.caller, .said(answer))])
        #expect(driven.send(.offered(.callee, .said(Fixture.browserOffer))) == [.refuseOffer(.callee, .glare)])
        let before = driven.settings
        #expect(driven.answer(phone) == [])
        #expect(driven.session.state == .stable && driven.settings == before)
    }

    @Test("another address in its answer is for its leg alone")
    func otherAddress() {
        var driven = DrivenSession.talking(Self.kind)
        driven.send(.offerWanted(.caller))
        #expect(driven.answer(moved) == [])
        #expect(driven.session.state == .stable)
        #expect(driven.medium(.caller)?.phone == PhoneAddress(host: "192.0.2.99", port: 4444, rtcpPort: 4445, isMultiplexed: false))
    }

    @Test("another direction in its answer goes to the other side as an offer, whose answer is for nobody")
    func held() {
        var driven = DrivenSession.talking(Self.kind)
        driven.send(.offerWanted(.caller))
        let held = Fixture.phoneAnswer.replacing("sendrecv", with: "sendonly")
        #expect(driven.answer(held).offers(to: .callee).count == 1)
        #expect(driven.answer(Fixture.browserAnswer) == [.held(by: .caller, true)])
        #expect(driven.session.state == .stable && driven.audio == ["+-", "-+"])
    }

    @Test("that the other side declines to follow is where its answer says all the same")
    func notFollowed() {
        var driven = DrivenSession.talking(Self.kind)
        driven.send(.offerWanted(.caller))
        driven.answer(moved.replacing("sendrecv", with: "sendonly"))
        driven.decline(.refused("no"))
        #expect(driven.session.state == .stable && driven.medium(.caller)?.phone?.port == 4444 && driven.audio == ["+-", "++"])
    }

    @Test("that holds the call is offered all of it, as it could not resume otherwise")
    func resume() throws {
        var driven = DrivenSession.talking(Self.kind, caller: Fixture.phoneOffer.replacing("sendrecv", with: "sendonly"))
        let offered = try #require(driven.send(.offerWanted(.caller)).offers(to: .caller).first)
        #expect(offered.contains("a=sendrecv") && offered.contains("o=- 7 2 "))
        let said = driven.answer(Fixture.phoneAnswer)
        #expect(said.offers(to: .callee).count == 1, "the other side does not hear that it goes on")
    }

    @Test("a bad answer, or none, leaves what stood", arguments: ["nonsense", nil])
    func bad(_ answer: String?) throws {
        var driven = DrivenSession.talking(Self.kind)
        let before = driven.settings
        let first = try #require(driven.send(.offerWanted(.caller)).offers(to: .caller).first)
        #expect((answer.map { driven.answer($0) } ?? driven.decline(.refused("no"))) == [])
        #expect(driven.session.state == .stable && driven.settings == before)
        #expect(driven.send(.offerWanted(.caller)).offers(to: .caller) == [first])
    }

    @Test("a browser is not given an offer that it has not asked for")
    func browser() {
        var driven = DrivenSession.talking(Self.kind)
        guard case .refuseOffer(.callee, .unsupported) = driven.send(.offerWanted(.callee)).first else {
            Issue.record("an offer for a browser")
            return
        }
    }

    @Test("that answers a refresh otherwise than before is followed: by its leg, or by the other side")
    func refreshed() {
        var driven = DrivenSession.talking(Self.kind)
        driven.takesSettings = false
        #expect(driven.send(.refreshed(.caller, .said(moved))) == [])
        driven.resume()
        #expect(driven.medium(.caller)?.phone?.port == 4444)
        #expect(driven.send(.refreshed(.caller, .said("nonsense"))) == [] && driven.session.state == .stable)
        #expect(driven.send(.refreshed(.caller, .said(moved))) == [] && driven.session.state == .stable)
        driven.send(.offered(.callee, .said(Fixture.browserOffer.replacing("a=sendrecv", with: "a=recvonly"))))
        #expect(driven.send(.refreshed(.caller, .said(Fixture.phoneAnswer))) == [], "while another change is under way")
        driven.decline(.refused("no"))
        #expect(driven.medium(.caller)?.phone?.port == 4002, "it has its turn when that is over")
        #expect(driven.send(.refreshed(.caller, .said(moved.replacing("sendrecv", with: "sendonly")))).offers(to: .callee).count == 1)
        var call = Call(id: "c", echo: true, legs: [])
        #expect(call.handle(.refreshed(.caller, "A")) == [])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionAnswers(.caller, "B"))
        #expect(call.handle(.refreshed(.caller, "A")) == [.tellSession(.caller, .refreshed("A"))])
    }

    // MARK: The echo

    @Test("gets all our codecs from the echo, and its leg the address of its answer")
    func echo() throws {
        var driven = DrivenSession(.echo(.rtp))
        let offered = try #require(driven.send(.offerWanted(.caller)).offers(to: .caller).first)
        #expect(driven.steps == [.attach([.caller]), .open(.caller, [.audio], .ip4)])
        #expect(offered.contains("m=audio 20000 RTP/AVP 111 9 0 8 110 101\r\n") && !driven.session.isEstablished)
        #expect(driven.answer(Fixture.phoneAnswer) == [])
        #expect(driven.session.isEstablished && driven.session.state == .stable && driven.audio == ["++"])
        #expect(driven.medium(.caller)?.phone == PhoneAddress(host: "192.0.2.21", port: 4002, rtcpPort: 4003, isMultiplexed: false))
        #expect(driven.medium(.caller)?.payloads.first?.codec == "pcmu")
        // A later offer of the phone's goes the usual way.
        #expect(driven.send(.offered(.caller, .said(Fixture.phoneOffer))).answers(to: .caller).count == 1)
    }

    @Test("gets SRTP from the echo where it is required, and the keys reach its leg")
    func echoWithSRTP() throws {
        var driven = DrivenSession(.echo(.rtp), profiles: [.caller: SIPProfile(srtp: .required)])
        let offered = try #require(driven.send(.offerWanted(.caller)).offers(to: .caller).first)
        let own = try #require(Crypto(suite: "AES_CM_128_HMAC_SHA1_80", material: StandInEngine.port(.caller, .audio).key))
        #expect(offered.contains("m=audio 20000 RTP/SAVP 111 9 0 8 110 101\r\n") && offered.contains("a=crypto:1 \(own.suite) \(own.key)\r\n"))
        #expect(driven.answer(Fixture.secure(Fixture.phoneAnswer)) == [])
        #expect(driven.medium(.caller)?.keys == LegKeys(suite: own.suite, local: own.bareKey, remote: Fixture.key("B")))
        #expect(driven.audio == ["++"])
    }

    @Test("that brings the echo no answer ends the session, as does a leg without ports")
    func echoWithoutAnswer() {
        var driven = DrivenSession(.echo(.rtp))
        driven.send(.offerWanted(.caller))
        #expect(driven.decline(.refused("no")) == [.end(SessionEnd(code: 488, reason: "no"))])
        var other = DrivenSession(.echo(.rtp))
        other.answersSteps = false
        other.send(.offerWanted(.caller))
        other.resume(steps: 1)
        #expect(other.failStep(.unavailable("no ports left")) == [.end(SessionEnd(code: 503, reason: "no ports left"))])
    }

    // MARK: In a call

    @Test("in a call, the offer answers its re-INVITE, and its answer is the session's")
    func call() {
        var call = Call(id: "c", echo: false, legs: [1])
        #expect(call.handle(.offerWanted(.caller)) == [.refuseOffer(.caller, nil, .state("the call is not established"))])
        _ = call.handle(.start(offer: "O"))
        _ = call.handle(.sessionOffers(.callee, "P"))
        _ = call.handle(.accepted(1, "A"))
        _ = call.handle(.sessionAnswers(.caller, "B"))
        #expect(call.handle(.offerWanted(.callee)) == [.tellSession(.callee, .offerWanted)])
        #expect(call.handle(.offerWanted(.caller)) == [.refuseOffer(.caller, nil, .state("another offer is being answered"))])
        #expect(call.handle(.sessionOffers(.callee, "Q")) == [.sendAnswer(.callee, 1, "Q")])
        #expect(call.handle(.answered(.callee, "R")) == [.tellSession(.callee, .answered("R"))])
        // What follows from the answer is an offer like any other.
        #expect(call.handle(.sessionOffers(.caller, "S")) == [.sendOffer(.caller, nil, "S")])
        // A refusal is told to whoever asked, and another may follow.
        _ = call.handle(.offerWanted(.caller))
        let failure = SessionFailure.state("no")
        #expect(call.handle(.offerRefused(.caller, failure)) == [.refuseOffer(.caller, nil, failure)])
        #expect(call.handle(.offerWanted(.caller)) == [.tellSession(.caller, .offerWanted)])
    }

    @Test("a call to the echo without an offer is answered with one")
    func echoCall() {
        var call = Call(id: "c", echo: true, legs: [])
        #expect(call.handle(.start(offer: nil)) == [.tellSession(.caller, .offerWanted)])
        #expect(call.handle(.sessionOffers(.caller, "O")) == [.answerCaller("O"), .startTimer(.duration)])
        #expect(call.handle(.answered(.caller, "A")) == [.tellSession(.caller, .answered("A"))])
        let end = SessionEnd(code: 488, reason: "no")
        #expect(call.handle(.sessionEnded(end)).contains(.hangUpCaller(CallEnd(status: 488, reason: "no", by: .gateway))))
    }

    @Test("an answer that the echo cannot use ends the call, as no other one comes")
    func unusableAnswer() {
        var call = Call(id: "c", echo: true, legs: [])
        _ = call.handle(.start(offer: nil))
        _ = call.handle(.sessionOffers(.caller, "O"))
        _ = call.handle(.answered(.caller, "A"))
        #expect(call.handle(.answerRefused(.state("the session waits for no answer"))) == [])
        #expect(call.handle(.answerRefused(.refused("no codec"))).contains(.hangUpCaller(.failed(.refused("no codec")))))
    }
}

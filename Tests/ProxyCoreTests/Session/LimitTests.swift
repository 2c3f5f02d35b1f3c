import Testing

@testable import ProxyCore

@Suite("The limit of what a side sends, and a path that changes")
struct LimitTests {
    private static let both = [SessionKind.proxy(caller: .rtp, callee: .webrtc), .proxy(caller: .webrtc, callee: .rtp)]
    private static let phones = SessionKind.proxy(caller: .rtp, callee: .rtp)

    @Test("where there is a browser its leg limits it, and nothing of that stands in a description", arguments: both + [.proxy(caller: .webrtc, callee: .webrtc)])
    func browsers(kind: SessionKind) {
        var driven = DrivenSession.talking(kind, SessionOptions(bitrate: 300))
        #expect(driven.answers[.caller]?.contains("b=") == false && driven.offers[.callee]?.contains("b=") == false)
        let said = driven.send(.update(number: 1, SessionOptionsChange(bitrate: 200)))
        #expect(said == [.updated(number: 1, SessionOptions(bitrate: 200))], "nobody is offered anything")
    }

    @Test("two phones are told from the start")
    func fromTheStart() {
        let driven = DrivenSession.talking(Self.phones, SessionOptions(bitrate: 64))
        for text in [driven.answers[.caller], driven.offers[.callee]] { #expect(text?.contains("b=AS:64\r\nb=TIAS:64000\r\n") == true) }
        let echo = DrivenSession.talking(.echo(.rtp), SessionOptions(bitrate: 64))
        #expect(echo.answers[.caller]?.contains("b=AS:64\r\n") == true)
    }

    @Test("two phones are told of a new limit one after the other, and it counts when both have taken it")
    func phones() {
        var driven = DrivenSession.talking(Self.phones)
        let first = driven.send(.update(number: 1, SessionOptionsChange(useAudio: false, bitrate: 64)))
        #expect(first.offers(to: .caller).first?.contains("b=AS:64\r\n") == true)
        // The caller is elsewhere now: its leg hears of it at once, of the update not yet.
        let second = driven.answer(Fixture.phoneMoved)
        #expect(second.offers(to: .callee).first?.contains("b=AS:64\r\n") == true)
        #expect(driven.medium(.caller)?.phone?.port == 4100 && driven.audio == ["++", "++"])
        #expect(driven.session.options == SessionOptions())
        let done = driven.answer(Fixture.phoneAnswer)
        #expect(done == [.updated(number: 1, SessionOptions(useAudio: false, bitrate: 64))] && driven.audio == ["--", "--"])
        let lifted = driven.send(.update(number: 2, SessionOptionsChange(bitrate: 0)))
        #expect(lifted.offers(to: .caller).first?.contains("b=") == false)
    }

    @Test("a phone that refuses the limit fails the update: no leg has heard of it, the first phone is told that there is none, and the next update is done")
    func refused() {
        var driven = DrivenSession.talking(Self.phones)
        driven.send(.update(number: 1, SessionOptionsChange(useAudio: false, bitrate: 64, record: true)))
        driven.answer(Fixture.phoneMoved)
        let end = driven.decline(.refused("488"))
        #expect(end.first == .updateFailed(number: 1, .refused("the phone does not take the limit: 488")))
        #expect(driven.session.options == SessionOptions() && driven.audio == ["++", "++"] && driven.settings[.caller]?.recording == nil)
        #expect(end.offers(to: .caller).first?.contains("b=") == false, "the first one goes on with the limit: \(end)")
        // Its answer ends it, whatever becomes of it; what waits has its turn then.
        #expect(driven.send(.update(number: 2, SessionOptionsChange(useAudio: false))) == [])
        #expect(driven.decline(.refused("no")) == [.updated(number: 2, SessionOptions(useAudio: false))])
    }

    @Test("an unusable answer to what a phone asked for does not fail an update that waits")
    func unrelated() {
        var driven = DrivenSession.talking(Self.phones)
        driven.takesSettings = false
        driven.send(.update(number: 1, SessionOptionsChange(bitrate: 64)))
        // The caller's answer moves it; while its leg is told, it asks for an offer itself.
        driven.answer(Fixture.phoneMoved)
        #expect(driven.send(.offerWanted(.caller)).offers(to: .caller).count == 1)
        driven.answer("nonsense")
        #expect(driven.resume().offers(to: .callee).count == 1)
        #expect(driven.answer(Fixture.phoneAnswer) == [.updated(number: 1, SessionOptions(bitrate: 64))])
    }

    @Test("an update that waits for a phone's answer fails when the session ends")
    func ended() {
        var driven = DrivenSession.talking(Self.phones)
        driven.send(.update(number: 1, SessionOptionsChange(bitrate: 200)))
        #expect(driven.send(.mediaLost(.mediaServerLost)).contains(.updateFailed(number: 1, .state("the session has ended"))))
    }

    // MARK: The path

    @Test("an ICE restart is answered with what the phone has agreed on, which hears nothing of it", arguments: both)
    func restart(kind: SessionKind) {
        var driven = DrivenSession.talking(kind, callee: kind.calleeType == .webrtc ? Fixture.browserAnswerToPhone : nil)
        let browser: SessionSide = kind.callerType == .webrtc ? .caller : .callee
        let before = driven.settings, count = driven.steps.count
        let said = driven.send(.offered(browser, .said(Fixture.browserOffer.replacing("a1b2", with: "c3d4"))))
        #expect(said.count == 1 && said.answers(to: browser).count == 1)
        guard driven.steps.count == count + 2, case .take(browser, let offer) = driven.steps[count], case .give(browser, let answer) = driven.steps[count + 1] else {
            Issue.record("\(driven.steps.dropFirst(count))")
            return
        }
        #expect(offer.role == .offer && offer.isUpdate && offer.sdp.text.contains("c3d4"))
        #expect(answer.role == .answer && answer.isUpdate && answer.sdp.text.contains("m=audio 400"))
        #expect(driven.settings[browser.other] == before[browser.other] && driven.audio == ["++", "++"])
    }

    @Test("an offer with another direction, codec or line goes to the phone")
    func changedMedia() {
        for (one, other) in [("a=sendrecv", "a=sendonly"), ("opus/48000/2", "opus/16000/2")] {
            let opus = Fixture.phoneAnswer.replacing("RTP/AVP 0", with: "RTP/AVP 111").replacing(":0 PCMU/8000", with: ":111 opus/48000/2")
            var driven = DrivenSession.talking(.proxy(caller: .webrtc, callee: .rtp), callee: opus)
            let offer = Fixture.browserOffer.replacing(one, with: other)
            #expect(driven.send(.offered(.caller, .said(offer))).offers(to: .callee).count == 1, "\(other)")
        }
    }
}

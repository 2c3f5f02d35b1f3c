import Testing

@testable import ProxyCore

@Suite("The limit of what a side sends, and a path that changes")
struct LimitTests {
    /// A call that is answered: the phone's offer, the browser's answer, or the other way round.
    private func established(_ kind: SessionKind, _ options: SessionOptions = SessionOptions()) -> (ProxySession, [ProxySession.Action]) {
        var session = ProxySession(id: "s", kind: kind, options: options, address: "192.0.2.1", number: 7)
        let isPhone = kind.callerType == .rtp
        _ = session.handle(.offered(.caller, sdp: isPhone ? Fixture.phoneOffer : Fixture.browserOffer, trickle: false))
        _ = session.handle(.stepDone(""))
        var said = session.handle(.stepDone(isPhone ? Fixture.browserOffer : Fixture.phoneOffer))
        _ = session.handle(.answered(sdp: isPhone ? Fixture.browserAnswer : Fixture.phoneAnswer, trickle: false))
        said += session.handle(.stepDone(isPhone ? Fixture.phoneAnswer : Fixture.browserAnswer))
        _ = session.handle(.settingsApplied)
        return (session, said)
    }

    private func offer(_ actions: [ProxySession.Action], to side: SessionSide) -> String? {
        actions.lazy.compactMap { if case .deliverOffer(side, let sdp) = $0 { sdp } else { nil } }.first
    }

    private func answer(_ actions: [ProxySession.Action], to side: SessionSide) -> String? {
        actions.lazy.compactMap { if case .deliverAnswer(side, let sdp) = $0 { sdp } else { nil } }.first
    }

    private static let both = [SessionKind.proxy(caller: .rtp, callee: .webrtc), .proxy(caller: .webrtc, callee: .rtp)]

    @Test("a limit from the start stands in what the browser is told, not in what the phone is", arguments: both)
    func fromTheStart(kind: SessionKind) {
        let (_, said) = established(kind, SessionOptions(bitrate: 300))
        let (forCaller, forCallee) = (answer(said, to: .caller) ?? "", offer(said, to: .callee) ?? "")
        let (browser, phone) = kind.callerType == .webrtc ? (forCaller, forCallee) : (forCallee, forCaller)
        #expect(browser.contains("b=AS:300\r\nb=TIAS:300000\r\n"))
        #expect(!phone.isEmpty && !phone.contains("b="))
    }

    @Test("a new limit is offered to the browser alone, and no step of Janus' comes of it but the settings", arguments: both)
    func changed(kind: SessionKind) {
        var (session, _) = established(kind)
        let browser: SessionSide = kind.callerType == .webrtc ? .caller : .callee
        let actions = session.handle(.update(number: 1, SessionOptionsChange(bitrate: 200)))
        #expect(actions.count == 1)
        #expect(offer(actions, to: browser)?.contains("b=AS:200\r\n") == true)
        #expect(session.answerer == browser)
        guard case .apply(_, let settings)? = session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false)).first else {
            Issue.record("the settings do not follow")
            return
        }
        #expect(settings.plain?.contains("a=sendrecv") == true)
        #expect(session.handle(.settingsApplied) == [.updated(number: 1, SessionOptions(bitrate: 200))])
        let lifted = session.handle(.update(number: 2, SessionOptionsChange(bitrate: 0)))
        #expect(offer(lifted, to: browser)?.contains("b=") == false)
    }

    @Test("a browser that does not take it: the update fails, the old limit counts, and the next update is done", arguments: both)
    func declined(kind: SessionKind) {
        var (session, _) = established(kind)
        _ = session.handle(.update(number: 1, SessionOptionsChange(bitrate: 200)))
        _ = session.handle(.update(number: 2, SessionOptionsChange(useAudio: false)))
        let actions = session.handle(.declined(.refused("no")))
        #expect(actions.first == .updateFailed(number: 1, .refused("no")))
        guard case .apply? = actions.last else {
            Issue.record("the next update does not follow: \(actions)")
            return
        }
        #expect(session.handle(.settingsApplied) == [.updated(number: 2, SessionOptions(useAudio: false))])
    }

    @Test("two phones are told one after the other, and one that refuses fails the update")
    func phones() {
        var (session, _) = establishedPhones()
        let first = session.handle(.update(number: 1, SessionOptionsChange(bitrate: 64)))
        #expect(offer(first, to: .caller)?.contains("b=AS:64\r\n") == true)
        var second = session.handle(.answered(sdp: Fixture.phoneOffer, trickle: false))
        // The caller names another address or format than it did: NoSIP hears of it first.
        if case .perform(.process(.caller, _, .answer))? = second.first { second = session.handle(.stepDone("")) }
        #expect(offer(second, to: .callee)?.contains("b=AS:64\r\n") == true)
        let end = session.handle(.declined(.refused("488")))
        guard case .updateFailed(number: 1, _)? = end.first else {
            Issue.record("the update does not fail: \(end)")
            return
        }
        #expect(session.options.bitrate == 0)
        #expect(offer(end, to: .caller)?.contains("b=") == false, "the first one goes on with the limit: \(end)")
        // Its answer ends it, whatever becomes of it; what waits has its turn then.
        #expect(session.handle(.update(number: 2, SessionOptionsChange(useAudio: false))) == [])
        guard case .apply? = session.handle(.declined(.refused("no"))).last else {
            Issue.record("the next update does not follow")
            return
        }
    }

    private func establishedPhones() -> (ProxySession, [ProxySession.Action]) {
        var session = ProxySession(
            id: "s", kind: .proxy(caller: .rtp, callee: .rtp), options: SessionOptions(), address: "192.0.2.1", number: 7)
        _ = session.handle(.offered(.caller, sdp: Fixture.phoneOffer, trickle: false))
        for text in ["", Fixture.browserOffer, Fixture.phoneOffer] { _ = session.handle(.stepDone(text)) }
        _ = session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))
        _ = session.handle(.stepDone(Fixture.browserAnswer))
        let said = session.handle(.stepDone(Fixture.phoneAnswer))
        return (session, said)
    }

    @Test("an update that waits for a browser's answer fails when the session ends")
    func ended() {
        var (session, _) = established(.proxy(caller: .webrtc, callee: .rtp))
        _ = session.handle(.update(number: 1, SessionOptionsChange(bitrate: 200)))
        #expect(session.handle(.mediaLost(.mediaServerLost)).contains(.updateFailed(number: 1, .state("the session has ended"))))
    }

    @Test("an ICE restart is answered with what the phone has agreed on, which hears nothing of it", arguments: both)
    func restart(kind: SessionKind) {
        var (session, _) = established(kind)
        let browser: SessionSide = kind.callerType == .webrtc ? .caller : .callee
        let again = Fixture.browserOffer.replacing("a1b2", with: "c3d4")
        guard case .perform(.generate(.caller, let description, _))? = session.handle(.offered(browser, sdp: again, trickle: false)).first
        else {
            Issue.record("Janus is not told")
            return
        }
        #expect(description.role == .offer && description.isUpdate && description.sdp.contains("c3d4"))
        guard case .perform(.process(.caller, let plain, .answer))? = session.handle(.stepDone(Fixture.phoneOffer)).first else {
            Issue.record("the phone's description is not taken again")
            return
        }
        #expect(plain.contains("m=audio 400"))
        #expect(answer(session.handle(.stepDone(Fixture.browserAnswer)), to: browser) != nil)
    }

    @Test("an offer with another direction, codec or line goes to the phone")
    func changedMedia() {
        for (one, other) in [("a=sendrecv", "a=sendonly"), ("opus/48000/2", "opus/16000/2")] {
            var (session, _) = established(.proxy(caller: .webrtc, callee: .rtp))
            _ = session.handle(.offered(.caller, sdp: Fixture.browserOffer.replacing(one, with: other), trickle: false))
            #expect(offer(session.handle(.stepDone(Fixture.phoneOffer)), to: .callee) != nil, "\(other)")
        }
    }
}

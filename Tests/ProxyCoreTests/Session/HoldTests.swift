import Testing

@testable import ProxyCore

@Suite("Hold and resume")
struct HoldTests {
    /// A phone that called, and a browser: they talk.
    private func talking(_ kind: SessionKind = .proxy(caller: .rtp, callee: .webrtc)) -> ProxySession {
        var session = ProxySession(id: "s", kind: kind, options: SessionOptions(), address: "192.0.2.1", number: 7)
        _ = session.handle(.offered(.caller, sdp: kind.callerType == .rtp ? phone() : Fixture.browserOffer, trickle: false))
        _ = session.handle(.stepDone(""))
        _ = session.handle(.stepDone(Fixture.browserOffer))
        if kind == .proxy(caller: .rtp, callee: .rtp) { _ = session.handle(.stepDone(phone())) }
        _ = session.handle(.answered(sdp: kind.calleeType == .rtp ? phone() : Fixture.browserAnswer, trickle: false))
        for answer in [Fixture.browserAnswer, phone()] where !session.isEstablished { _ = session.handle(.stepDone(answer)) }
        #expect(session.isEstablished && session.holders.isEmpty)
        return session
    }

    private func phone(_ direction: String = "sendrecv") -> String { Fixture.phoneAnswer.replacing("sendrecv", with: direction) }

    private func offer(_ actions: [ProxySession.Action], to side: SessionSide = .caller) -> String? {
        guard actions.count == 1, case .deliverOffer(let to, let sdp)? = actions.first, to == side else { return nil }
        return sdp
    }

    /// What NoSIP is told of the phone, where it is the only thing to do.
    private func applied(_ actions: [ProxySession.Action]) -> MediaSettings? {
        guard actions.count == 1, case .apply(_, let settings)? = actions.first else { return nil }
        return settings
    }

    private func version(_ sdp: String) -> Int? {
        sdp.split(separator: "\r\n").first { $0.hasPrefix("o=") }?.split(separator: " ").dropFirst(2).first.flatMap { Int($0) }
    }

    /// Has the phone change its description, which the browser takes.
    private func phoneOffers(_ direction: String, _ session: inout ProxySession) -> [ProxySession.Action] {
        _ = session.handle(.offered(.caller, sdp: phone(direction), trickle: false))
        _ = session.handle(.stepDone(Fixture.browserOffer))
        _ = session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
        return session.handle(.stepDone(phone()))
    }

    // MARK: By command

    @Test("the phone is offered sendonly, then nothing is passed on; the end of it offers all again")
    func holds() throws {
        var session = talking()
        let hold = try #require(offer(session.handle(.hold(number: 1, .callee, true))))
        #expect(hold.contains("a=sendonly\r\n") && version(hold) == 2)
        let settings = try #require(applied(session.handle(.answered(sdp: phone("recvonly"), trickle: false))))
        #expect(!settings.audio && !settings.video)
        #expect(settings.plain?.contains("a=inactive\r\n") == true)
        #expect(session.handle(.settingsApplied) == [.held(by: .callee, true), .holdDone(number: 1)])
        #expect(session.handle(.hold(number: 2, .callee, true)) == [.holdDone(number: 2)], "it holds already")

        let resume = try #require(offer(session.handle(.hold(number: 3, .callee, false))))
        #expect(resume.contains("a=sendrecv\r\n") && version(resume) == 3)
        let open = try #require(applied(session.handle(.answered(sdp: phone(), trickle: false))))
        #expect(open.audio && open.plain?.contains("a=sendrecv\r\n") == true)
        #expect(session.handle(.settingsApplied) == [.held(by: .callee, false), .holdDone(number: 3)])
    }

    @Test("where both hold, each resumes for itself")
    func both() throws {
        var session = talking()
        #expect(phoneOffers("sendonly", &session).contains(.held(by: .caller, true)))
        let hold = try #require(offer(session.handle(.hold(number: 1, .callee, true))))
        #expect(hold.contains("a=inactive\r\n"))
        _ = session.handle(.answered(sdp: phone("inactive"), trickle: false))
        #expect(session.handle(.settingsApplied) == [.held(by: .callee, true), .holdDone(number: 1)])
        #expect(session.holders == [.caller, .callee])

        let resume = try #require(offer(session.handle(.hold(number: 2, .callee, false))))
        #expect(resume.contains("a=sendrecv\r\n"), "the phone can say whether it still holds")
        _ = session.handle(.answered(sdp: phone("sendonly"), trickle: false))
        #expect(session.handle(.settingsApplied) == [.held(by: .callee, false), .holdDone(number: 2)])
        #expect(session.holders == [.caller])
        #expect(phoneOffers("sendrecv", &session).contains(.held(by: .caller, false)))
    }

    @Test("the phone that is held may offer: it hears that it is still held, and nothing is passed on afterwards")
    func offerWhileHeld() throws {
        var session = talking()
        _ = session.handle(.hold(number: 1, .callee, true))
        _ = session.handle(.answered(sdp: phone("recvonly"), trickle: false))
        _ = session.handle(.settingsApplied)
        let actions = phoneOffers("sendrecv", &session)
        guard case .deliverAnswer(.caller, let answer)? = actions.first else {
            Issue.record("the phone's offer was not answered: \(actions)")
            return
        }
        #expect(answer.contains("a=sendonly\r\n"))
        let settings = try #require(applied(Array(actions.dropFirst())))
        #expect(settings.plain?.contains("a=inactive\r\n") == true)
    }

    @Test("a phone that ceases to hold by its answer to the resume is heard of at the other side")
    func resumesToo() throws {
        var session = talking()
        _ = phoneOffers("sendonly", &session)
        _ = session.handle(.hold(number: 1, .callee, true))
        _ = session.handle(.answered(sdp: phone("inactive"), trickle: false))
        _ = session.handle(.settingsApplied)
        _ = session.handle(.hold(number: 2, .callee, false))
        let actions = session.handle(.answered(sdp: phone(), trickle: false))
        #expect(held(actions).count == 2)
        guard actions.contains(.holdDone(number: 2)), case .perform(.process(.caller, _, .offer))? = actions.last,
            case .deliverOffer(.callee, _)? = session.handle(.stepDone(Fixture.browserOffer)).first
        else {
            Issue.record("the browser hears nothing of it: \(actions)")
            return
        }
        _ = session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
        #expect(session.handle(.stepDone(phone())) == [])
        #expect(session.holders.isEmpty)
    }

    private func held(_ actions: [ProxySession.Action]) -> [SessionSide] {
        actions.compactMap { if case .held(let side, false) = $0 { side } else { nil } }
    }

    @Test("a phone that refuses, or answers with nothing of use, leaves the call as it was, and the next hold has a new version",
        arguments: [nil, "nonsense"])
    func refused(answer: String?) throws {
        var session = talking()
        _ = session.handle(.hold(number: 1, .callee, true))
        let failed = session.handle(answer.map { .answered(sdp: $0, trickle: false) } ?? .declined(.refused("488")))
        guard failed.count == 1, case .updateFailed(number: 1, _)? = failed.first else {
            Issue.record("\(failed)")
            return
        }
        #expect(session.state == .stable && session.holders.isEmpty)
        let again = try #require(offer(session.handle(.hold(number: 2, .callee, true))))
        #expect(again.contains("a=sendonly\r\n") && version(again) == 3)
    }

    @Test("a hold waits for the exchange that is under way, and options for the hold")
    func turns() throws {
        var session = talking()
        _ = session.handle(.offered(.caller, sdp: Fixture.phoneMoved, trickle: false))
        #expect(session.handle(.hold(number: 1, .callee, true)) == [])
        _ = session.handle(.stepDone(Fixture.browserOffer))
        _ = session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
        let actions = session.handle(.stepDone(phone()))
        #expect(offer(Array(actions.suffix(1))) != nil)
        #expect(session.handle(.update(number: 2, SessionOptionsChange(useVideo: false))) == [])
        #expect(session.handle(.offered(.caller, sdp: phone(), trickle: false)) == [.refuseOffer(.caller, ProxySession.glare)])
        _ = session.handle(.answered(sdp: phone("recvonly"), trickle: false))
        let settled = session.handle(.settingsApplied)
        guard settled.prefix(2) == [.held(by: .callee, true), .holdDone(number: 1)], case .apply? = settled.last else {
            Issue.record("the options did not get their turn")
            return
        }
    }

    @Test("between two browsers nothing is offered: both handles are silenced, and speak again")
    func browsers() {
        var session = talking(.proxy(caller: .webrtc, callee: .webrtc))
        let handles = session.kind.handles
        let silent = MediaSettings(audio: false, video: false)
        #expect(session.handle(.hold(number: 1, .caller, true)) == handles.map { .apply($0, silent) })
        #expect(session.handle(.settingsApplied) == [])
        #expect(session.handle(.settingsApplied) == [.held(by: .caller, true), .holdDone(number: 1)])
        #expect(session.handle(.hold(number: 2, .callee, true)) == handles.map { .apply($0, silent) })
        for _ in handles { _ = session.handle(.settingsApplied) }
        #expect(session.handle(.hold(number: 3, .caller, false)) == handles.map { .apply($0, silent) }, "the other one holds still")
        for _ in handles { _ = session.handle(.settingsApplied) }
        #expect(session.handle(.hold(number: 4, .callee, false)) == handles.map { .apply($0, MediaSettings()) })
    }

    @Test("between two phones the other one is offered the hold")
    func phones() throws {
        var session = talking(.proxy(caller: .rtp, callee: .rtp))
        #expect(offer(session.handle(.hold(number: 1, .caller, true)), to: .callee)?.contains("a=sendonly\r\n") == true)
        let actions = session.handle(.answered(sdp: phone("recvonly"), trickle: false))
        #expect(actions.count == 2)
        for case .apply(_, let settings) in actions { #expect(settings.plain?.contains("a=inactive\r\n") == true) }
    }

    @Test("a hold that cannot be is refused: before the answer, after the end, of a side that is not there")
    func impossible() {
        var new = ProxySession(
            id: "s", kind: .proxy(caller: .rtp, callee: .webrtc), options: SessionOptions(), address: "192.0.2.1", number: 7)
        func fails(_ actions: [ProxySession.Action], _ number: Int) -> Bool {
            if case .updateFailed(let failed, _)? = actions.first { failed == number } else { false }
        }
        #expect(fails(new.handle(.hold(number: 1, .callee, true)), 1))
        var session = talking()
        _ = session.handle(.hold(number: 2, .callee, true))
        #expect(fails(session.handle(.stop(code: 200, reason: "over")), 2), "what is still to be answered")
        #expect(fails(session.handle(.hold(number: 3, .callee, true)), 3))
        var echo = talking(.echo(.webrtc))
        #expect(fails(echo.handle(.hold(number: 4, .callee, true)), 4))
    }

    // MARK: By description

    @Test("a phone holds by its offer, and no more by the next one", arguments: ["sendonly", "inactive"])
    func described(direction: String) {
        var session = talking()
        #expect(phoneOffers(direction, &session).contains(.held(by: .caller, true)))
        #expect(!phoneOffers(direction, &session).contains(.held(by: .caller, true)), "told once")
        #expect(phoneOffers("sendrecv", &session).contains(.held(by: .caller, false)))
    }

    @Test("a browser holds by its offer; the phone that answers it so does not")
    func describedByBrowser() {
        var session = talking()
        func browserOffers(_ direction: String, answer: String) -> [ProxySession.Action] {
            _ = session.handle(.offered(.callee, sdp: Fixture.browserOffer.replacing("a=sendrecv", with: "a=\(direction)"), trickle: false))
            _ = session.handle(.stepDone(phone(direction)))
            _ = session.handle(.answered(sdp: phone(answer), trickle: false))
            return session.handle(.stepDone(Fixture.browserAnswer))
        }
        #expect(browserOffers("sendonly", answer: "recvonly").contains(.held(by: .callee, true)))
        #expect(session.holders == [.callee])
        #expect(browserOffers("sendrecv", answer: "sendonly").contains(.held(by: .caller, true)), "the phone holds by its answer")
        #expect(session.holders == [.caller])
    }

    // MARK: Long pauses

    @Test("what is held is let through for a moment, one kind at a time; meanwhile offers are refused and commands wait")
    func moments() throws {
        var session = talking()
        let moment = ProxySession.Event.letThrough(audio: true, video: true)
        #expect(session.handle(moment) == [] && !session.isPaused, "nothing is held")
        _ = session.handle(.hold(number: 1, .callee, true))
        #expect(session.handle(moment) == [], "the phone has not answered")
        _ = session.handle(.answered(sdp: phone("recvonly"), trickle: false))
        #expect(session.handle(moment) == [], "Janus has not confirmed")
        _ = session.handle(.settingsApplied)
        #expect(session.isPaused)
        #expect(session.handle(.letThrough(audio: false, video: true)) == [], "there is no picture")

        let actions = session.handle(moment)
        guard case .perform(.letThrough(let moments))? = actions.first, let one = moments.first, actions.count == 1, moments.count == 1
        else { throw Failure() }
        #expect(one.handle == SessionHandle(.caller, .noSIP))
        #expect(one.open.audio && !one.closed.audio && !one.open.video)
        #expect(one.open.plain?.contains("a=recvonly\r\n") == true && one.closed.plain?.contains("a=inactive\r\n") == true)
        #expect(session.handle(.offered(.caller, sdp: phone(), trickle: false)) == [.refuseOffer(.caller, ProxySession.glare)])
        #expect(session.handle(.hold(number: 2, .callee, false)) == [])
        #expect(offer(session.handle(.stepDone("")))?.contains("a=sendrecv\r\n") == true, "the end of the hold has waited")
        _ = session.handle(.answered(sdp: phone(), trickle: false))
        _ = session.handle(.settingsApplied)
        #expect(session.handle(moment) == [] && !session.isPaused)
    }

    @Test("a moment that Janus does not carry out changes nothing; at the end of the session there is none")
    func failedMoment() {
        var session = talking(.proxy(caller: .webrtc, callee: .webrtc))
        _ = session.handle(.update(number: 1, SessionOptionsChange(useAudio: false)))
        for _ in 1...2 { _ = session.handle(.settingsApplied) }
        for _ in 1...2 {
            guard case .perform(.letThrough(let moments))? = session.handle(.letThrough(audio: true, video: false)).first else {
                Issue.record("no moment")
                return
            }
            #expect(moments.map(\.open.audio) == [true, true] && moments.map(\.closed.audio) == [false, false])
            #expect(session.handle(.stepFailed(.unavailable("gone"))) == [])
        }
        _ = session.handle(.stop(code: 200, reason: ""))
        #expect(session.handle(.letThrough(audio: true, video: true)) == [] && !session.isPaused)
    }

    private struct Failure: Error {}
}

import Testing

@testable import ProxyCore

@Suite("Hold and resume")
struct HoldTests {
    private static let mixed = SessionKind.proxy(caller: .rtp, callee: .webrtc)
    private static let phones = SessionKind.proxy(caller: .rtp, callee: .rtp)
    private static let browsers = SessionKind.proxy(caller: .webrtc, callee: .webrtc)

    private func phone(_ direction: String = "sendrecv") -> String { Fixture.phoneAnswer.replacing("sendrecv", with: direction) }

    private func answered(_ direction: String = "sendrecv") -> String { phone(direction) }

    /// The only thing that is said: an offer to that side.
    private func offer(_ actions: [ProxySession.Action], to side: SessionSide = .caller) -> String? {
        actions.count == 1 ? actions.offers(to: side).first : nil
    }

    private func version(_ sdp: String) -> Int? {
        sdp.split(separator: "\r\n").first { $0.hasPrefix("o=") }?.split(separator: " ").dropFirst(2).first.flatMap { Int($0) }
    }

    /// Has the phone that called change its description, which the browser takes.
    private func phoneOffers(_ direction: String, _ driven: inout DrivenSession) -> [ProxySession.Action] {
        driven.send(.offered(.caller, .said(phone(direction))))
            + driven.answer(Fixture.browserAnswer)
    }

    // MARK: By command

    @Test("the phone is offered sendonly, then nothing is passed on; the end of it offers all again")
    func holds() throws {
        var driven = DrivenSession.talking(Self.mixed)
        let before = driven.settings, steps = driven.steps.count
        let hold = try #require(offer(driven.send(.hold(number: 1, .callee, true))))
        #expect(hold.contains("a=sendonly\r\n") && version(hold) == 2 && driven.audio == ["++", "++"])
        #expect(driven.answer(answered("recvonly")) == [.held(by: .callee, true), .holdDone(number: 1)])
        #expect(driven.audio == ["--", "--"])
        #expect(driven.send(.hold(number: 2, .callee, true)) == [.holdDone(number: 2)], "it holds already")

        let resume = try #require(offer(driven.send(.hold(number: 3, .callee, false))))
        #expect(resume.contains("a=sendrecv\r\n") && version(resume) == 3 && driven.audio == ["--", "--"])
        #expect(driven.answer(answered()) == [.held(by: .callee, false), .holdDone(number: 3)])
        #expect(driven.audio == ["++", "++"] && driven.medium(.callee) == before[.callee]?.media.first)
        #expect(driven.steps.count == steps, "the engine has nothing else to do")
    }

    @Test("a refresh, or an offer that the held phone asks for, is nothing that the other side is told of when the hold ends")
    func refreshedMeanwhile() throws {
        for asks in [false, true] {
            var driven = DrivenSession.talking(Self.mixed)
            driven.send(.hold(number: 1, .callee, true))
            driven.answer(answered("recvonly"))
            let again = answered("recvonly").replacing(" 1 1 ", with: " 1 2 ")
            if asks {
                driven.send(.offerWanted(.caller))
                #expect(driven.answer(again) == [])
            } else {
                #expect(driven.send(.refreshed(.caller, .said(again))) == [])
            }
            driven.send(.hold(number: 2, .callee, false))
            #expect(driven.answer(answered()) == [.held(by: .callee, false), .holdDone(number: 2)])
            #expect(driven.audio == ["++", "++"])
        }
    }

    @Test("where both hold, each resumes for itself")
    func both() throws {
        var driven = DrivenSession.talking(Self.mixed)
        #expect(phoneOffers("sendonly", &driven).contains(.held(by: .caller, true)))
        #expect(driven.audio == ["+-", "-+"])
        let hold = try #require(offer(driven.send(.hold(number: 1, .callee, true))))
        #expect(hold.contains("a=inactive\r\n"))
        #expect(driven.answer(answered("inactive")) == [.held(by: .callee, true), .holdDone(number: 1)])
        #expect(driven.session.holders == [.caller, .callee] && driven.audio == ["--", "--"])

        let resume = try #require(offer(driven.send(.hold(number: 2, .callee, false))))
        #expect(resume.contains("a=sendrecv\r\n"), "the phone can say whether it still holds")
        #expect(driven.answer(answered("sendonly")) == [.held(by: .callee, false), .holdDone(number: 2)])
        #expect(driven.session.holders == [.caller] && driven.audio == ["+-", "-+"])
        #expect(phoneOffers("sendrecv", &driven).contains(.held(by: .caller, false)))
        #expect(driven.audio == ["++", "++"])
    }

    @Test("the phone that is held may offer: it hears that it is still held, and nothing is passed on afterwards")
    func offerWhileHeld() throws {
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.hold(number: 1, .callee, true))
        driven.answer(answered("recvonly"))
        let answer = try #require(phoneOffers("sendrecv", &driven).answers(to: .caller).first)
        #expect(answer.contains("a=sendonly\r\n") && driven.audio == ["--", "--"])
        driven.send(.hold(number: 2, .callee, false))
        driven.answer(answered())
        #expect(driven.audio == ["++", "++"])
    }

    @Test("the browser that holds may offer: the phone hears that it is still held")
    func holderOffers() throws {
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.hold(number: 1, .callee, true))
        driven.answer(answered("recvonly"))
        let opus = Fixture.browserOffer.replacing("111 0", with: "0 111")
        driven.send(.offered(.callee, .said(opus.replacing("a=sendrecv", with: "a=sendonly"))))
        #expect(driven.offers[.caller]?.contains("a=sendonly\r\n") == true)
        driven.answer(answered("recvonly"))
        #expect(driven.audio == ["--", "--"])
    }

    @Test("a phone that ceases to hold by its answer to the resume is heard of at the other side")
    func resumesToo() {
        var driven = DrivenSession.talking(Self.mixed)
        _ = phoneOffers("sendonly", &driven)
        driven.send(.hold(number: 1, .callee, true))
        driven.answer(answered("inactive"))
        driven.send(.hold(number: 2, .callee, false))
        let actions = driven.answer(answered())
        #expect(actions.contains(.held(by: .caller, false)) && actions.contains(.held(by: .callee, false)) && actions.contains(.holdDone(number: 2)))
        #expect(actions.offers(to: .callee).first?.contains("a=sendrecv\r\n") == true)
        #expect(driven.audio == ["++", "-+"], "the browser has not heard of it")
        #expect(driven.answer(Fixture.browserAnswer) == [])
        #expect(driven.session.holders.isEmpty && driven.audio == ["++", "++"])
    }

    @Test("the end of a hold acts also where the other side declines what the phone has changed meanwhile")
    func resumedWithout() {
        var driven = DrivenSession.talking(Self.mixed)
        _ = phoneOffers("sendonly", &driven)
        driven.send(.hold(number: 1, .callee, true))
        driven.answer(answered("inactive"))
        driven.send(.hold(number: 2, .callee, false))
        driven.answer(Fixture.phoneAnswer.replacing(" 4002 ", with: " 4444 "))
        driven.decline(.refused("no"))
        #expect(driven.session.state == .stable && driven.audio == ["++", "-+"] && driven.medium(.caller)?.phone?.port == 4444)
    }

    @Test("a phone that refuses, or answers with nothing of use, leaves the call as it was, and the next hold has a new version",
        arguments: [nil, "nonsense"])
    func refused(answer: String?) throws {
        var driven = DrivenSession.talking(Self.mixed)
        let before = driven.settings
        driven.send(.hold(number: 1, .callee, true))
        let failed = answer.map { driven.answer($0) } ?? driven.decline(.refused("488"))
        guard failed.count == 1, case .updateFailed(number: 1, _)? = failed.first else {
            Issue.record("\(failed)")
            return
        }
        #expect(driven.session.state == .stable && driven.session.holders.isEmpty && driven.settings == before)
        let again = try #require(offer(driven.send(.hold(number: 2, .callee, true))))
        #expect(again.contains("a=sendonly\r\n") && version(again) == 3)
    }

    @Test("a hold waits for the exchange that is under way, and options for the hold")
    func turns() throws {
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.offered(.caller, .said(Fixture.phoneMoved)))
        #expect(driven.send(.hold(number: 1, .callee, true)) == [])
        let actions = driven.answer(Fixture.browserAnswer)
        #expect(actions.offers(to: .caller).count == 1)
        #expect(driven.send(.update(number: 2, SessionOptionsChange(useVideo: false))) == [])
        #expect(driven.send(.offered(.caller, .said(phone()))) == [.refuseOffer(.caller, .glare)])
        #expect(driven.answer(answered("recvonly")) == [
            .held(by: .callee, true), .holdDone(number: 1), .updated(number: 2, SessionOptions(useVideo: false)),
        ])
    }

    @Test("between two browsers nothing is offered: both legs are silenced, and speak again")
    func browsers() {
        var driven = DrivenSession.talking(Self.browsers)
        let before = driven.settings, steps = driven.steps.count
        #expect(driven.send(.hold(number: 1, .caller, true)) == [.held(by: .caller, true), .holdDone(number: 1)])
        #expect(driven.audio == ["--", "--"])
        driven.send(.hold(number: 2, .callee, true))
        driven.send(.hold(number: 3, .caller, false))
        #expect(driven.audio == ["--", "--"], "the other one holds still")
        driven.send(.hold(number: 4, .callee, false))
        #expect(driven.settings == before && driven.steps.count == steps)
    }

    @Test("between two phones the other one is offered the hold")
    func phones() {
        var driven = DrivenSession.talking(Self.phones)
        #expect(offer(driven.send(.hold(number: 1, .caller, true)), to: .callee)?.contains("a=sendonly\r\n") == true)
        driven.answer(answered("recvonly"))
        #expect(driven.audio == ["--", "--"])
    }

    @Test("a hold that the legs do not take is taken back where nobody was offered it; where the phone agreed to it the session ends")
    func notApplied() {
        let failure = SessionFailure.unavailable("no answer")
        var browsers = DrivenSession.talking(Self.browsers)
        browsers.takesSettings = false
        browsers.send(.hold(number: 1, .caller, true))
        #expect(browsers.failSettings(failure) == [.updateFailed(number: 1, failure)])
        #expect(browsers.session.holders.isEmpty && browsers.audio == ["++", "++"])

        var mixed = DrivenSession.talking(Self.mixed)
        mixed.send(.hold(number: 1, .callee, true))
        mixed.takesSettings = false
        mixed.answer(answered("recvonly"))
        #expect(mixed.failSettings(failure) == [
            .updateFailed(number: 1, .state("the session has ended")), .end(SessionEnd(code: 503, reason: "no answer")),
        ])
    }

    @Test("a hold during which a recording fails is one")
    func recordingFailed() {
        var driven = DrivenSession.talking(Self.browsers)
        driven.send(.update(number: 1, SessionOptionsChange(record: true)))
        driven.takesSettings = false
        driven.send(.hold(number: 2, .caller, true))
        let said = driven.failSettings(.recording("the disk is full"))
        #expect(said == [.recording(.stopped(file: "s")), .holdDone(number: 2), .held(by: .caller, true)] && driven.audio == ["--", "--"])
    }

    @Test("a hold that cannot be is refused: before the answer, after the end, of a side that is not there")
    func impossible() {
        var new = DrivenSession(Self.mixed)
        func fails(_ actions: [ProxySession.Action], _ number: Int) -> Bool {
            if case .updateFailed(let failed, _)? = actions.first { failed == number } else { false }
        }
        #expect(fails(new.send(.hold(number: 1, .callee, true)), 1))
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.hold(number: 2, .callee, true))
        #expect(fails(driven.send(.stop(code: 200, reason: "over")), 2), "what is still to be answered")
        #expect(fails(driven.send(.hold(number: 3, .callee, true)), 3))
        var echo = DrivenSession.talking(.echo(.webrtc))
        #expect(fails(echo.send(.hold(number: 4, .callee, true)), 4))
    }

    @Test("nothing that is pressed gets through a hold or a mute")
    func digits() {
        var driven = DrivenSession.talking(Self.mixed, callee: Fixture.browserAnswer.replacing("111 0", with: "0 101").replacing(":111 opus/48000/2", with: ":101 telephone-event/8000"))
        #expect(driven.session.takesTelephoneEvents(.caller) && !driven.session.takesTelephoneEvents(.callee))
        driven.send(.update(number: 1, SessionOptionsChange(useAudio: false)))
        #expect(!driven.session.takesTelephoneEvents(.caller))
        driven.send(.update(number: 2, SessionOptionsChange(useAudio: true)))
        driven.send(.hold(number: 3, .caller, true))
        #expect(!driven.session.takesTelephoneEvents(.caller))
    }

    // MARK: By description

    @Test("a phone holds by its offer, and no more by the next one", arguments: ["sendonly", "inactive"])
    func described(direction: String) {
        var driven = DrivenSession.talking(Self.mixed)
        #expect(phoneOffers(direction, &driven).contains(.held(by: .caller, true)))
        #expect(driven.audio == (direction == "sendonly" ? ["+-", "-+"] : ["--", "--"]))
        #expect(!phoneOffers(direction, &driven).contains(.held(by: .caller, true)), "told once")
        #expect(phoneOffers("sendrecv", &driven).contains(.held(by: .caller, false)))
        #expect(driven.audio == ["++", "++"])
    }

    @Test("a browser holds by its offer; the phone that answers it so does not")
    func describedByBrowser() {
        var driven = DrivenSession.talking(Self.mixed)
        func browserOffers(_ direction: String, answer: String) -> [ProxySession.Action] {
            driven.send(.offered(.callee, .said(Fixture.browserOffer.replacing("a=sendrecv", with: "a=\(direction)"))))
            return driven.answer(answered(answer))
        }
        #expect(browserOffers("sendonly", answer: "recvonly").contains(.held(by: .callee, true)))
        #expect(driven.session.holders == [.callee])
        #expect(browserOffers("sendrecv", answer: "sendonly").contains(.held(by: .caller, true)), "the phone holds by its answer")
        #expect(driven.session.holders == [.caller])
    }

    @Test("a phone that holds with 0.0.0.0 stays where it was (RFC 3264, section 8.4); one that begins so is not known")
    func withoutAddress() {
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.offered(.caller, .said(Fixture.phoneMoved.replacing("c=IN IP4 192.0.2.20", with: "c=IN IP4 0.0.0.0"))))
        driven.answer(Fixture.browserAnswer)
        #expect(driven.audio == ["+-", "-+"] && driven.medium(.caller)?.phone?.host == "192.0.2.20")
        let unknown = DrivenSession.talking(Self.mixed, caller: Fixture.phoneOffer.replacing("c=IN IP4 192.0.2.20", with: "c=IN IP4 0.0.0.0"))
        #expect(unknown.audio == ["+-", "-+"] && unknown.medium(.caller)?.phone == nil)
    }
}

import Testing

@testable import ProxyCore

@Suite("An offer that is withdrawn")
struct WithdrawalTests {
    private static let phones = SessionKind.proxy(caller: .rtp, callee: .rtp)
    private static let mixed = SessionKind.proxy(caller: .rtp, callee: .webrtc)

    private func answer(_ kind: SessionKind, _ direction: String = "sendrecv") -> String {
        Fixture.answer(kind.calleeType ?? .rtp).replacing("a=sendrecv", with: "a=\(direction)")
    }

    private let hold = Fixture.phoneMoved.replacing("a=sendrecv", with: "a=sendonly")

    @Test("while Janus has it: nobody is offered anything, and the next offer is taken")
    func inJanus() {
        var driven = DrivenSession.talking(Self.mixed)
        let before = driven.settings
        driven.answersSteps = false
        driven.send(.offered(.caller, .said(hold)))
        #expect(driven.send(.withdrawn(.caller)) == [])
        #expect(driven.resume() == [])
        #expect(driven.session.state == .stable && driven.settings == before)
        #expect(driven.send(.offered(.caller, .said(hold))).offers(to: .callee).count == 1)
    }

    @Test("while the other side thinks: its answer is discarded, it is offered what stood, and its answer to that ends it", arguments: [phones, mixed])
    func accepted(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        let before = driven.session.agreedMedia(of: .callee), settings = driven.settings
        driven.send(.offered(.caller, .said(hold)))
        #expect(driven.session.answerer == .callee)
        driven.send(.withdrawn(.caller))
        // The side is busy: so is the session.
        #expect(driven.send(.offered(.caller, .said(hold))).refuses)
        let said = driven.answer(answer(kind, "recvonly"))
        #expect(said.answers(to: .caller).isEmpty && !said.refuses)
        #expect(said.offers(to: .callee).count == 1 && said.offers(to: .callee).first?.contains("a=sendrecv") == true, "\(said)")
        #expect(driven.answer(answer(kind)) == [])
        #expect(driven.session.state == .stable && driven.session.agreedMedia(of: .callee) == before && driven.settings == settings)
        #expect(driven.send(.offered(.caller, .said(hold))).offers(to: .callee).count == 1)
    }

    @Test("a side that declines it has nothing to be told", arguments: [phones, mixed])
    func declined(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        driven.send(.offered(.caller, .said(hold)))
        driven.send(.withdrawn(.caller))
        #expect(driven.decline(.refused("no")) == [] && driven.session.state == .stable)
    }

    @Test("while its answer is on the way: the side that accepted is offered what stood")
    func answered() {
        var driven = DrivenSession.talking(Self.mixed)
        let before = driven.session.agreedMedia(of: .callee), settings = driven.settings
        driven.send(.offered(.caller, .said(hold)))
        driven.answersSteps = false
        driven.answer(answer(Self.mixed, "recvonly"))
        driven.send(.withdrawn(.caller))
        let said = driven.resume()
        #expect(said.answers(to: .caller).isEmpty && said.offers(to: .callee).first?.contains("a=sendrecv") == true)
        driven.answer(answer(Self.mixed))
        #expect(driven.session.state == .stable && driven.session.agreedMedia(of: .callee) == before && driven.settings == settings)
    }

    private let video = "m=video 4200 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=sendrecv\r\n"

    @Test("an accepted offer that Janus cannot carry out is refused, and the side that accepted is offered what stood", arguments: [phones, mixed])
    func failed(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        driven.send(.offered(.caller, .said(Fixture.phoneMoved + video)))
        driven.answersSteps = false
        let added = kind.calleeType == .rtp ? video : Fixture.browserVideo
        driven.answer(Fixture.answer(kind.calleeType ?? .rtp) + added)
        let said = driven.failStep()
        #expect(said.refuses && said.offers(to: .callee).first?.contains("m=video 0 ") == true)
        driven.decline(.refused("no"))
        #expect(driven.session.state == .stable && driven.medium(.caller)?.phone?.port == 4000)
    }

    @Test("the line that it added is refused when the side that accepted it is told what stood", arguments: [phones, mixed])
    func addedLine(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        driven.send(.offered(.caller, .said(Fixture.phoneMoved + video)))
        #expect(driven.session.answerer == .callee)
        driven.send(.withdrawn(.caller))
        let added = kind.calleeType == .rtp ? video : Fixture.browserVideo
        let said = driven.answer(Fixture.answer(kind.calleeType ?? .rtp) + added)
        #expect(said.offers(to: .callee).first?.contains("m=video 0 ") == true, "\(said)")
    }

    @Test("an unusable answer to an offer that a phone asked for, or to a limit, ends it: the update fails, and the next offer is taken")
    func unusable() {
        var driven = DrivenSession.talking(Self.phones)
        #expect(driven.send(.offerWanted(.caller)).offers(to: .caller).count == 1)
        driven.answer("nonsense")
        #expect(driven.session.state == .stable)
        driven.send(.update(number: 1, SessionOptionsChange(bitrate: 64)))
        let said = driven.answer("nonsense")
        #expect(said.contains { if case .updateFailed(number: 1, .description) = $0 { true } else { false } }, "\(said)")
        #expect(driven.session.state == .stable)
        #expect(!driven.send(.offered(.caller, .said(hold))).refuses)
    }

    @Test("what a phone's answer changed is taken back from the other side, which had accepted it, when it cannot be carried out; its own leg follows it")
    func failedForOther() {
        var driven = DrivenSession.talking(Self.phones)
        driven.send(.offerWanted(.caller))
        #expect(driven.answer(hold).offers(to: .callee).count == 1)
        #expect(driven.medium(.caller)?.phone?.port == 4100 && driven.audio == ["+-", "++"])
        // An answer of no use: it has accepted nevertheless.
        let failed = driven.answer("nonsense")
        #expect(failed.offers(to: .callee).count == 1, "\(failed)")
        driven.answer(Fixture.phoneAnswer)
        #expect(driven.session.state == .stable && driven.medium(.caller)?.phone?.port == 4100)
    }

    @Test("a side that is told again what stood is not told of a limit that is kept elsewhere")
    func withoutLimit() {
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.update(number: 1, SessionOptionsChange(bitrate: 64)))
        driven.send(.offered(.callee, .said(Fixture.browserOffer.replacing("a=sendrecv", with: "a=recvonly"))))
        #expect(driven.session.answerer == .caller)
        let again = driven.answer("nonsense").offers(to: .caller)
        #expect(again.count == 1 && again.first?.contains("b=") == false, "\(again)")
    }

    @Test("an unusable answer to a later offer is refused to its side, and the answerer is offered what stood", arguments: [phones, mixed])
    func unusableLater(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        driven.send(.offered(.caller, .said(hold)))
        let said = driven.answer("nonsense")
        #expect(said.refuses && said.offers(to: .callee).count == 1)
        driven.decline(.refused("no"))
        #expect(driven.session.state == .stable)
    }
}

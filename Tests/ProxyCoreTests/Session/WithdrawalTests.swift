import Testing

@testable import ProxyCore

@Suite("An offer that is withdrawn")
struct WithdrawalTests {
    private typealias Action = ProxySession.Action

    private static let phones = SessionKind.proxy(caller: .rtp, callee: .rtp)
    private static let mixed = SessionKind.proxy(caller: .rtp, callee: .webrtc)

    /// A call of a phone that is answered.
    private func established(_ kind: SessionKind) -> ProxySession {
        var session = ProxySession(id: "s", kind: kind, options: SessionOptions(), address: "192.0.2.1", number: 7)
        _ = session.handle(.offered(.caller, sdp: Fixture.phoneOffer, trickle: false))
        finish(&session)
        _ = session.handle(.answered(sdp: answer(kind), trickle: false))
        finish(&session)
        #expect(session.state == .stable && session.isEstablished)
        return session
    }

    private func answer(_ kind: SessionKind) -> String { kind.calleeType == .rtp ? Fixture.phoneAnswer : Fixture.browserAnswer }

    /// Has Janus do what is asked of it. All that the session said.
    @discardableResult
    private func finish(_ session: inout ProxySession, _ actions: [Action] = []) -> [Action] {
        var said = actions
        for _ in 0..<10 {
            guard let text = janus(session.state) else { return said }
            said += session.handle(.stepDone(text))
        }
        return said
    }

    /// What Janus makes in that state; nil where it has nothing to do.
    private func janus(_ state: ProxySession.State) -> String? {
        switch state {
        case .attaching, .restoring, .lettingThrough: return ""
        case .exchanging(let exchange) where exchange.phase != .awaitingAnswer:
            // The stage that is being done is the one before those that are left.
            let stages: [MediaStage] = exchange.isOffering ? exchange.paths.offer : exchange.paths.answer
            let isOffer = exchange.isOffering && exchange.role == .offer
            guard case .process = stages[stages.count - exchange.rest.count - 1] else { return isOffer ? Fixture.phoneOffer : Fixture.phoneAnswer }
            return isOffer ? Fixture.browserOffer : Fixture.browserAnswer
        default: return nil
        }
    }

    private let hold = Fixture.phoneOffer.replacing("a=sendrecv", with: "a=sendonly").replacing("m=audio 4000", with: "m=audio 4100")

    private func offers(_ actions: [Action], to side: SessionSide) -> [String] {
        actions.compactMap { if case .deliverOffer(side, let sdp) = $0 { sdp } else { nil } }
    }

    private func refuses(_ actions: [Action]) -> Bool {
        actions.contains { if case .refuseOffer = $0 { true } else { false } }
    }

    @Test("while Janus has it: nobody is offered anything, Janus is told what stood, and the next offer is taken", arguments: [phones, mixed])
    func inJanus(kind: SessionKind) {
        var session = established(kind)
        _ = session.handle(.offered(.caller, sdp: hold, trickle: false))
        #expect(session.handle(.withdrawn(.caller)) == [])
        let said = finish(&session)
        #expect(offers(said, to: .callee).isEmpty && !refuses(said))
        #expect(session.state == .stable)
        guard case .perform(.process(.caller, let told, _))? = said.first(where: { if case .perform(.process) = $0 { true } else { false } }) else {
            Issue.record("Janus keeps the offer: \(said)")
            return
        }
        #expect(told.contains("m=audio 4000 ") && told.contains("a=sendrecv"))
        var next = session.handle(.offered(.caller, sdp: hold, trickle: false))
        next = finish(&session, next)
        #expect(offers(next, to: .callee).count == 1)
    }

    @Test("while the other side thinks: its answer is discarded, it is offered what stood, and its answer to that ends it", arguments: [phones, mixed])
    func accepted(kind: SessionKind) {
        var session = established(kind)
        let before = session.agreedMedia(of: .callee)
        _ = session.handle(.offered(.caller, sdp: hold, trickle: false))
        finish(&session)
        #expect(session.answerer == .callee)
        _ = session.handle(.withdrawn(.caller))
        // The side is busy: so is the session.
        #expect(refuses(session.handle(.offered(.caller, sdp: hold, trickle: false))))
        var said = session.handle(.answered(sdp: answer(kind).replacing("a=sendrecv", with: "a=recvonly"), trickle: false))
        said = finish(&session, said)
        #expect(!said.contains { if case .deliverAnswer = $0 { true } else { false } } && !refuses(said))
        let again = offers(said, to: .callee)
        #expect(again.count == 1 && again.first?.contains("a=sendrecv") == true, "\(said)")
        said = finish(&session, session.handle(.answered(sdp: answer(kind), trickle: false)))
        #expect(session.state == .stable && session.agreedMedia(of: .callee) == before)
        said = finish(&session, session.handle(.offered(.caller, sdp: hold, trickle: false)))
        #expect(offers(said, to: .callee).count == 1)
    }

    @Test("a side that declines it has nothing to be told", arguments: [phones, mixed])
    func declined(kind: SessionKind) {
        var session = established(kind)
        _ = session.handle(.offered(.caller, sdp: hold, trickle: false))
        finish(&session)
        _ = session.handle(.withdrawn(.caller))
        let said = finish(&session, session.handle(.declined(.refused("no"))))
        #expect(session.state == .stable && offers(said, to: .callee).isEmpty && !refuses(said))
    }

    @Test("while its answer is on the way: the side that accepted is offered what stood", arguments: [phones, mixed])
    func answered(kind: SessionKind) {
        var session = established(kind)
        let before = session.agreedMedia(of: .callee)
        _ = session.handle(.offered(.caller, sdp: hold, trickle: false))
        finish(&session)
        _ = session.handle(.answered(sdp: answer(kind).replacing("a=sendrecv", with: "a=recvonly"), trickle: false))
        _ = session.handle(.withdrawn(.caller))
        let said = finish(&session)
        #expect(!said.contains { if case .deliverAnswer = $0 { true } else { false } })
        #expect(offers(said, to: .callee).first?.contains("a=sendrecv") == true)
        finish(&session, session.handle(.answered(sdp: answer(kind), trickle: false)))
        #expect(session.state == .stable && session.agreedMedia(of: .callee) == before)
    }

    @Test("an accepted offer that Janus cannot carry out is refused, and the side that accepted is offered what stood")
    func failed() {
        var session = established(Self.phones)
        _ = session.handle(.offered(.caller, sdp: hold, trickle: false))
        finish(&session)
        _ = session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))
        let said = finish(&session, session.handle(.stepFailed(.unavailable("Janus did not answer in time"))))
        #expect(refuses(said) && offers(said, to: .callee).count == 1)
    }

    @Test("the line that it added is refused when the side that accepted it is told what stood", arguments: [phones, mixed])
    func addedLine(kind: SessionKind) {
        var session = established(kind)
        let video = "m=video 4200 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=sendrecv\r\n"
        _ = session.handle(.offered(.caller, sdp: Fixture.phoneOffer + video, trickle: false))
        let added = kind.calleeType == .rtp ? video : Fixture.browserVideo
        _ = session.handle(.stepDone(Fixture.browserOffer + Fixture.browserVideo))
        if kind.calleeType == .rtp { _ = session.handle(.stepDone(Fixture.phoneOffer + video)) }
        #expect(session.answerer == .callee)
        _ = session.handle(.withdrawn(.caller))
        var said = session.handle(.answered(sdp: answer(kind) + added, trickle: false))
        said = finish(&session, said)
        #expect(offers(said, to: .callee).first?.contains("m=video 0 ") == true, "\(said)")
    }

    @Test("an unusable answer to an offer that a phone asked for, or to a limit, ends it: the update fails, and the next offer is taken")
    func unusable() {
        var session = established(Self.phones)
        #expect(offers(session.handle(.offerWanted(.caller)), to: .caller).count == 1)
        _ = session.handle(.answered(sdp: "nonsense", trickle: false))
        #expect(session.state == .stable)
        _ = session.handle(.update(number: 1, SessionOptionsChange(bitrate: 64)))
        let said = session.handle(.answered(sdp: "nonsense", trickle: false))
        #expect(said.contains { if case .updateFailed(number: 1, .description) = $0 { true } else { false } }, "\(said)")
        #expect(session.state == .stable)
        #expect(!refuses(session.handle(.offered(.caller, sdp: hold, trickle: false))))
    }

    @Test("what a phone's answer changed is taken back from the other side, which had accepted it, when Janus cannot carry it out")
    func failedForOther() {
        var session = established(Self.phones)
        _ = session.handle(.offerWanted(.caller))
        let changed = Fixture.phoneOffer.replacing("a=sendrecv", with: "a=sendonly").replacing("m=audio 4000", with: "m=audio 4100")
        let said = finish(&session, session.handle(.answered(sdp: changed, trickle: false)))
        #expect(offers(said, to: .callee).count == 1)
        _ = session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))
        let failed = finish(&session, session.handle(.stepFailed(.unavailable("Janus did not answer in time"))))
        #expect(offers(failed, to: .callee).count == 1, "\(failed)")
        finish(&session, session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false)))
        #expect(session.state == .stable)
    }

    @Test("a side that is told again what stood is not told of a limit that is kept elsewhere")
    func withoutLimit() {
        var session = established(Self.mixed)
        _ = session.handle(.update(number: 1, SessionOptionsChange(bitrate: 64)))
        _ = session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
        for _ in 0..<3 { _ = session.handle(.settingsApplied) }
        #expect(session.state == .stable)
        _ = session.handle(.offered(.callee, sdp: Fixture.browserOffer.replacing("a=sendrecv", with: "a=recvonly"), trickle: false))
        for _ in 0..<3 where session.answerer == nil { _ = session.handle(.stepDone(Fixture.phoneOffer)) }
        #expect(session.answerer == .caller)
        let said = finish(&session, session.handle(.answered(sdp: "nonsense", trickle: false)))
        let again = offers(said, to: .caller)
        #expect(again.count == 1 && again.first?.contains("b=") == false, "\(said)")
    }

    @Test("an unusable answer to a later offer is refused to its side, and the answerer is offered what stood", arguments: [phones, mixed])
    func unusableLater(kind: SessionKind) {
        var session = established(kind)
        _ = session.handle(.offered(.caller, sdp: hold, trickle: false))
        finish(&session)
        let said = finish(&session, session.handle(.answered(sdp: "nonsense", trickle: false)))
        #expect(refuses(said) && offers(said, to: .callee).count == 1)
        finish(&session, session.handle(.declined(.refused("no"))))
        #expect(session.state == .stable)
    }
}

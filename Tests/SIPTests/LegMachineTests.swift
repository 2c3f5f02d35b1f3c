import TestRandom
import Testing

@testable import SIP

/// The machine alone: every state, without sockets or clocks.
@Suite("The state machine of a leg")
struct LegMachineTests {
    let id = SIPLegID(number: 7)

    private func machine(_ state: LegState) -> LegMachine { LegMachine(id: id, state: state) }

    static let descriptions = LegState.Descriptions(local: "ours", remote: "theirs")

    /// A callee whose answer came reliably, and that has offered anew.
    static let agreedForks: LegState.Forks = {
        var forks = LegState.Forks()
        forks.note("e", from: "a", isReliable: true)
        forks.offer = "n"
        return forks
    }()

    /// Every state that a leg can be in.
    static let states: [LegState] = [
        .offered(remote: "o"), .offered(remote: nil), .ringing(remote: "o", LegState.Early()),
        .ringing(remote: "o", LegState.Early(sdp: "e", awaitsPrack: true)), .answering(LegState.Answer(descriptions: descriptions)),
        .ringing(remote: "o", LegState.Early(sdp: "e", isAgreed: true, offer: LegState.EarlyOffer(method: .update, sdp: "n"))),
        .ringing(remote: "o", LegState.Early(sdp: "e", awaitsPrack: true, isAgreed: true, offer: LegState.EarlyOffer(method: .prack, sdp: "n"))),
        .calling(local: "o", ringing: true, forks: agreedForks),
        .answered(LegState.Answer(descriptions: descriptions)),
        .answered(LegState.Answer(descriptions: descriptions, answerDue: true, offer: LegState.Offer(sdp: "n"))), .leavingOnceAcknowledged(nil), .calling(local: "o", ringing: false, forks: LegState.Forks()),
        .calling(local: nil, ringing: true, forks: LegState.Forks()), .acknowledging(remote: "o"), .cancelling,
        .established(descriptions, .idle), .established(descriptions, .offeredToUs(.invite, sdp: "n")),
        .established(descriptions, .offeredToUs(.update, sdp: "n")), .established(descriptions, .accepted(answerDue: true)),
        .established(descriptions, .offeredByUs(sdp: "n")), .established(descriptions, .refreshing),
        .established(descriptions, .acknowledging(remote: "n")), .ending, .gone,
    ]

    static let inputs: [LegInput] = [
        .ring(status: 180, sdp: nil), .answer(sdp: "a"), .reject(SIPResponse(status: 486)), .acknowledge(sdp: "a"),
        .end(status: 480, reason: nil), .offer(sdp: "n"), .acceptOffer(sdp: "a"), .rejectOffer(SIPResponse(status: 488)),
        .sendInfo(.pictureFastUpdate), .infoAnswered(status: 200), .stop, .provisional(status: 180, phrase: "", sdp: nil), .success(sdp: "a"),
        .failure(status: 486, phrase: "", reason: nil), .acknowledged(sdp: nil), .cancelled(nil), .bye(nil),
        .offered(.invite, sdp: "n"), .offered(.update, sdp: "n"), .offered(.update, sdp: nil),
        .info(.pictureFastUpdate), .acknowledgementLost, .byeAnswered, .terminated(status: 0), .refreshDue, .overdue,
        .pracked(sdp: nil), .pracked(sdp: "n"), .prackLost, .refreshFailed(status: 408), .refreshFailed(status: 500), .sessionOver,
    ]

    @Test("whatever comes in whatever order, the leg has one last event, is closed once, and has a way out")
    func anyOrder() {
        var generator = SeededRandom("inputs of a leg in any order")
        for _ in 0..<20_000 {
            var course = LegCourse(&generator)
            for _ in 0..<25 { course.step(&generator) }
            course.finish()
            guard course.faults.isEmpty else {
                Issue.record("\(course.faults)\n\(course.log.joined(separator: "\n"))")
                return
            }
        }
    }

    @Test("a leg that is closed is gone, and says nothing afterwards", arguments: states, inputs)
    func closing(state: LegState, input: LegInput) {
        var machine = machine(state)
        let actions = machine.handle(input)
        let closes = actions.filter { $0 == .close }.count
        #expect(closes <= 1)
        if closes == 1 { #expect(actions.last == .close) }
        #expect((machine.state == .gone) == (closes == 1 || state == .gone))
        if state == .gone { #expect(actions.isEmpty) }
        if machine.state == .gone {
            for input in Self.inputs { #expect(machine.handle(input).isEmpty) }
        }
    }

    @Test("the core hears the end of a leg once, and never after it gave it up itself", arguments: states, inputs)
    func lastEvent(state: LegState, input: LegInput) {
        var machine = machine(state)
        let first = machine.handle(input)
        let ended = first.contains(where: isLast)
        if machine.state == .ending || machine.state == .cancelling || machine.state == .gone || ended {
            for input in Self.inputs {
                var copy = machine
                let later = copy.handle(input)
                #expect(!later.contains { if case .report = $0 { true } else { false } }, "\(input): \(later)")
            }
        }
        if case .end = input { #expect(!ended) }
        if case .reject = input { #expect(!ended) }
    }

    private func isLast(_ action: LegAction) -> Bool {
        switch action {
        case .report(.ended), .report(.rejected): true
        default: false
        }
    }

    @Test("end() leads out of every state", arguments: states)
    func ending(state: LegState) {
        var machine = machine(state)
        let actions = machine.handle(.end(status: 480, reason: nil))
        let isOver = switch machine.state {
        case .gone, .ending, .cancelling, .leavingOnceAcknowledged: true
        default: false
        }
        #expect(isOver)
        if state != machine.state, machine.state != .gone {
            // Something bounds the wait that is left: a new timer, or the one that runs.
            let isTimed = actions.contains(.wait(.transaction))
            let runsOn = if case .leavingOnceAcknowledged = machine.state { true } else { false }
            #expect(isTimed || runsOn)
        }
    }

    @Test("every wait is bounded: when its time is over, the leg moves on", arguments: states)
    func overdue(state: LegState) {
        var machine = machine(state)
        let isWaiting = switch state {
        case .established(_, .idle), .gone: false
        default: true
        }
        _ = machine.handle(.overdue)
        #expect((machine.state != state) == isWaiting)
    }

    @Test("an offer of the peer's that the core has not decided about has one end, and one response, whatever comes", arguments: states, inputs)
    func offersOfPeer(state: LegState, input: LegInput) {
        guard let method = pending(state) else { return }
        var machine = machine(state)
        let actions = machine.handle(input)
        // These bring requests of their own, which are answered behind the offer.
        switch input {
        case .offered, .pracked: return #expect(pending(machine.state) == method)
        default: break
        }
        let responses = actions.filter { answers($0, method) }.count
        // A CANCEL is answered by the stack, and the end of a dialog ends its transactions.
        let isStacks = switch input {
        case .cancelled, .bye, .terminated, .byeAnswered, .acknowledgementLost: true
        default: false
        }
        #expect(responses <= 1)
        if pending(machine.state) == nil, !isStacks { #expect(responses == 1, "\(actions)") }
        if pending(machine.state) != nil { #expect(responses == 0) }
    }

    private enum Method { case invite, update, prack }

    private func pending(_ state: LegState) -> Method? {
        switch state {
        case .established(_, .offeredToUs(.invite, _)): .invite
        case .established(_, .offeredToUs(.update, _)): .update
        case .ringing(_, let early): early.offer.map { $0.method == .update ? .update : .prack }
        case .calling(_, _, let forks): forks.offer.map { _ in .update }
        default: nil
        }
    }

    private func answers(_ action: LegAction, _ method: Method) -> Bool {
        switch (action, method) {
        case (.respondToUpdate, .update), (.respondToPrack, .prack), (.refuse, .invite): true
        case (.respond(let status, _), .invite): status >= 200
        default: false
        }
    }

    @Test("an offer of ours goes out once, at once or after the ACK, or is refused at once, in every state of a call that lives", arguments: states)
    func ownOffer(state: LegState) {
        var machine = machine(state)
        let actions = machine.handle(.offer(sdp: "mine"))
        let isOver = switch state {
        case .leavingOnceAcknowledged, .cancelling, .ending, .gone: true
        default: false
        }
        let isRefused = actions == [.report(.offerRejected(id, status: 491, phrase: "Request Pending"))]
        let isSent = actions.contains(.reinvite(sdp: "mine"))
        let isHeld = switch machine.state {
        case .answering(let answer), .answered(let answer): answer.offer == LegState.Offer(sdp: "mine")
        default: false
        }
        #expect([isRefused, isSent, isHeld].filter { $0 }.count == (isOver ? 0 : 1))
    }

    @Test("an answer to a call with an offer, and to one without")
    func answers() {
        var leg = LegMachine.called(id, sdp: "theirs")
        #expect(leg.handle(.ring(status: 42, sdp: nil)) == [.respond(status: 180, sdp: nil), .wait(.ringing)])
        #expect(leg.handle(.ring(status: 183, sdp: "early")) == [.respond(status: 183, sdp: "early")])
        #expect(leg.handle(.answer(sdp: "ours")) == [.respond(status: 200, sdp: "ours"), .wait(.transaction)])
        #expect(leg.handle(.answer(sdp: "again")).isEmpty)
        #expect(leg.handle(.acknowledged(sdp: nil)) == [.wait(nil), .report(.established(id))])
        #expect(leg.state == .established(Self.descriptions, .idle))
    }

    @Test("one reliable response at a time: what comes before its PRACK waits, and only the last, and then the answer")
    func reliable() {
        var leg = LegMachine.called(id, sdp: "theirs", provisionals: .sessionProgress)
        #expect(leg.handle(.ring(status: 180, sdp: nil)) == [.respond(status: 180, sdp: nil), .wait(.ringing)])
        #expect(leg.handle(.ring(status: 183, sdp: "one")) == [.respond(status: 183, sdp: "one")])
        #expect(leg.handle(.ring(status: 183, sdp: "two")).isEmpty)
        #expect(leg.handle(.ring(status: 180, sdp: nil)).isEmpty)
        let accepted = LegAction.respondToPrack(SIPResponse(status: 200), sdp: nil)
        #expect(leg.handle(.pracked(sdp: nil)) == [accepted, .respond(status: 183, sdp: "two")])
        #expect(leg.handle(.answer(sdp: "ours")) == [.wait(.transaction)])
        #expect(leg.handle(.pracked(sdp: nil)) == [accepted, .respond(status: 200, sdp: "ours"), .wait(.transaction)])
        #expect(leg.handle(.acknowledged(sdp: nil)).contains(.report(.established(id))))
    }

    @Test("a 2xx that crosses our CANCEL is acknowledged and hung up, and the core hears nothing; any other end is the end")
    func crossing() {
        var leg = machine(.cancelling)
        #expect(leg.handle(.success(sdp: "theirs")) == [.acknowledge(sdp: nil), .bye(nil), .wait(.transaction)])
        #expect(leg.state == .ending)
        var other = machine(.cancelling)
        #expect(other.handle(.overdue) == [.close])
        #expect(other.state == .gone)
    }

    @Test("a refusal of an offer never has a status that ends the dialog", arguments: [404, 408, 410, 481, 482, 501, 604, 200, 0])
    func refusals(status: Int) {
        var leg = machine(.established(Self.descriptions, .offeredToUs(.invite, sdp: "n")))
        #expect(leg.handle(.rejectOffer(SIPResponse(status: status))) == [.refuse(SIPResponse(status: 488)), .wait(nil)])
        #expect(leg.state == .established(Self.descriptions, .idle))
    }

    @Test("the session interval and who refreshes it (RFC 4028)", arguments: [
        // supported, expires, names us, called, interval, ours
        (true, 600, nil, true, 600, false), (true, 600, true, true, 600, true), (true, 600, false, true, 600, false),
        (false, nil, nil, true, 1_800, true), (true, nil, nil, true, 1_800, false), (true, 3_600, nil, false, 1_800, true),
        (true, 30, nil, false, 90, true),
    ] as [(Bool, Int?, Bool?, Bool, Int, Bool)])
    func interval(supported: Bool, expires: Int?, namesUs: Bool?, called: Bool, interval: Int, ours: Bool) {
        let remote = SessionInterval.Remote(isSupported: supported, expires: expires, namesUs: namesUs)
        let session = SessionInterval(remote, preferred: 1_800, least: 90, called: called)
        #expect(session?.interval == interval)
        #expect(session?.isOurs == ours)
        let none = SessionInterval.Remote(isSupported: true, expires: nil, namesUs: nil)
        #expect(SessionInterval(none, preferred: 0, least: 90, called: called) == nil)
    }
}

/// Eleven minutes of a call in which nobody speaks, second by second, with a clock of the test's own.
@Suite("A hold of eleven minutes")
struct LongHoldTests {
    private let id = SIPLegID(number: 7)
    private let hold = "a=sendonly", held = "a=recvonly"

    /// A leg whose call we have put on hold.
    private func onHold() -> LegMachine {
        var leg = LegMachine(id: id, state: .established(LegState.Descriptions(local: "a=sendrecv", remote: "a=sendrecv"), .idle))
        #expect(leg.handle(.offer(sdp: hold)) == [.reinvite(sdp: hold), .wait(.transaction)])
        #expect(leg.handle(.success(sdp: held)).last == .report(.offerAccepted(id, sdp: held)))
        return leg
    }

    @Test("goes on whatever the session interval, and each refresh says that it is held", arguments: [nil, 90, 600, 1_800])
    func lasts(expires: Int?) {
        var leg = onHold()
        let session = SessionInterval(
            SessionInterval.Remote(isSupported: expires != nil, expires: expires, namesUs: expires == nil ? nil : true),
            preferred: expires ?? 0, least: 90, called: false)
        #expect((session == nil) == (expires == nil))
        var refreshes = 0, refreshed = Duration.zero
        for now in (0...660).map(Duration.seconds) {
            guard let session else { continue }
            #expect(now - refreshed < session.expiryDelay, "the session is over after \(now)")
            guard now - refreshed >= session.refreshDelay else { continue }
            #expect(leg.handle(.refreshDue) == [.reinvite(sdp: hold), .wait(.transaction)])
            #expect(leg.handle(.success(sdp: held)) == [.acknowledge(sdp: nil), .wait(nil)], "the core hears nothing of it")
            refreshes += 1
            refreshed = now
        }
        #expect(leg.state == .established(LegState.Descriptions(local: hold, remote: held), .idle))
        #expect(refreshes == (expires.map { [90: 17, 600: 2, 1_800: 0][$0] ?? -1 } ?? 0))
        #expect(leg.handle(.offer(sdp: "a=sendrecv")) == [.reinvite(sdp: "a=sendrecv"), .wait(.transaction)])
    }
}

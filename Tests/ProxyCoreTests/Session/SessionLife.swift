import SDP
import TestRandom

@testable import ProxyCore

/// One session with all that it depends on, which does only what it can do: Janus answers a step that it was given, a side an offer that it has.
struct SessionLife {
    private(set) var session: ProxySession
    private(set) var events: [ProxySession.Event] = []
    private(set) var faults: [String] = []
    private let kind: SessionKind
    /// What each has been given, and has not answered.
    private var step: (step: MediaStep, number: Int)?
    private var engine = StandInEngine()
    /// Settings that the legs have been told and have not taken, and those that they have.
    private var applying: [SessionSide: LegSettings] = [:]
    private var applied: [SessionSide: LegSettings] = [:]
    /// The recordings that run.
    private var recordings: Set<String> = []
    /// The files that a leg has closed: none of them is opened again.
    private var closed: Set<String> = []
    private var offered: SessionSide?
    /// The sides that wait for the answer to an offer of theirs, or for the offer that they asked for.
    private var offering: Set<SessionSide> = []
    private var asking: Set<SessionSide> = []
    private var updates: Set<Int> = []
    private var lastUpdate = 0
    private var hasEnded = false

    init(_ kind: SessionKind) {
        self.kind = kind
        session = ProxySession(
            id: "s", kind: kind, options: SessionOptions(), addresses: LegAddresses("192.0.2.1"), number: 7)
    }

    var stateName: String {
        switch session.state {
        case .new: "new"
        case .attaching: "attaching"
        case .carrying(let exchange, _, _): exchange.isWithdrawn ? "withdrawn" : "carrying"
        case .offered(let exchange, _):
            switch exchange.purpose {
            case .renewal: "renewal"
            case .hold: "hold"
            default: exchange.isWithdrawn ? "withdrawn" : "offered"
            }
        case .stable: "stable"
        case .ended: "ended"
        }
    }

    // MARK: What may happen

    /// An event that can happen; its description is made once it is chosen.
    private typealias Choice = (inout SeededRandom) -> ProxySession.Event

    mutating func step(_ generator: inout SeededRandom) {
        guard let choice = possible(&generator).randomElement(using: &generator) else { return }
        take(choice(&generator))
    }

    private func type(_ side: SessionSide) -> SDPType? { side == .caller ? kind.callerType : kind.calleeType }

    private func description(_ side: SessionSide, isOffer: Bool, _ generator: inout SeededRandom) -> String {
        let plain = type(side) == .rtp ? (isOffer ? Fixture.phoneOffer : Fixture.phoneAnswer) : (isOffer ? Fixture.browserOffer : Fixture.browserAnswer)
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: return "nonsense"
        case 1: return plain.replacing("a=sendrecv", with: "a=sendonly")
        case 2: return plain.replacing("a=sendrecv", with: "a=recvonly")
        case 3: return plain.replacing("a=sendrecv", with: "a=inactive")
        case 4: return plain.replacing("m=audio 4", with: "m=audio 5").replacing("192.0.2.2", with: "192.0.2.3")
        case 5 where isOffer: return plain + (type(side) == .rtp ? "m=video 4200 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n" : Fixture.browserVideo)
        default: return plain
        }
    }

    private func possible(_ generator: inout SeededRandom) -> [Choice] {
        var choices: [Choice] = []
        for side in SessionSide.allCases where type(side) != nil && !offering.contains(side) && !asking.contains(side) {
            if offered != side { choices += offers(of: side) }
            choices.append { .received(side, .said(description(side, isOffer: false, &$0))) }
            choices.append { _ in .candidate(side, TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "candidate:1")) }
        }
        // The first offer ends with the call.
        for side in offering where session.isEstablished { choices += [{ _ in .withdrawn(side) }, { _ in .withdrawn(side) }] }
        if let side = offered {
            for _ in 0..<3 { choices.append { .answered(side, .said(description(side, isOffer: false, &$0))) } }
            choices.append { _ in .declined(side, .refused("no")) }
            // The other side has nothing to answer.
            choices.append { _ in .declined(side.other, .refused("no")) }
            if session.isEstablished { choices.append { _ in .answered(side.other, .said(Fixture.phoneAnswer)) } }
        } else {
            choices.append { _ in .declined(.callee, .refused("no")) }
            if session.isEstablished { choices.append { _ in .answered(.caller, .said(Fixture.phoneAnswer)) } }
        }
        if let step {
            var engine = engine
            let outcome = engine.outcome(of: step.step), number = step.number
            for _ in 0..<6 { choices.append { _ in .stepDone(number: number, outcome) } }
            choices += [
                { _ in .stepFailed(number: number, .unavailable("gone")) }, { _ in .stepDone(number: number, .described(SessionDescription(origin: Origin(sessionID: 1, sessionVersion: 1, addressType: .ip4, address: "0.0.0.0")))) },
                // The outcome of a former step comes late.
                { _ in .stepDone(number: number - 1, outcome) }, { _ in .stepFailed(number: number - 1, .unavailable("late")) },
            ]
        }
        if !applying.isEmpty {
            choices += Array(repeating: { _ in .settingsApplied }, count: 8)
            choices += [{ _ in .settingsFailed(.recording("no")) }, { _ in .settingsFailed(.recording("no")) }, { _ in .settingsFailed(.refused("no")) }]
        }
        choices += changes
        if Int.random(in: 0..<25, using: &generator) == 0 {
            choices += [{ _ in .mediaLost(.mediaServerLost) }, { _ in .stop(code: 200, reason: "stopped") }]
        }
        return choices
    }

    private func offers(of side: SessionSide) -> [Choice] {
        var choices: [Choice] = [{ .offered(side, .said(description(side, isOffer: true, &$0), trickle: .random(using: &$0))) }]
        guard type(side) == .rtp else { return choices }
        choices.append { _ in .offerWanted(side) }
        choices.append { .refreshed(side, .said(description(side, isOffer: false, &$0))) }
        if session.isEstablished { choices.append { .offeredEarly(side, .said(description(side, isOffer: true, &$0))) } }
        return choices
    }

    private var changes: [Choice] {
        let number = lastUpdate + 1
        return [
            {
                let changes = [
                    SessionOptionsChange(record: true), .init(record: false), .init(useAudio: false), .init(useAudio: false),
                    .init(useAudio: true), .init(useVideo: false), .init(bitrate: 64), .init(bitrate: 0),
                ]
                return .update(number: number, changes.randomElement(using: &$0) ?? SessionOptionsChange())
            },
            { .hold(number: number, Bool.random(using: &$0) ? .caller : .callee, .random(using: &$0)) },
        ]
    }

    // MARK: What comes of it

    private mutating func take(_ event: ProxySession.Event) {
        events.append(event)
        let wasEnded = session.isEnded, before = session.state
        switch event {
        case .party(let side, .offered), .party(let side, .offeredEarly): offering.insert(side)
        case .party(let side, .offerWanted): asking.insert(side)
        case .party(let side, .withdrawn): offering.remove(side)
        case .update(let number, _), .hold(let number, _, _):
            lastUpdate = number
            updates.insert(number)
        case .stepDone(step?.number, _), .stepFailed(step?.number, _):
            if let step { _ = engine.outcome(of: step.step) }
            step = nil
        case .settingsApplied: if let (side, settings) = applying.popFirst() { apply(settings, side) }
        // Some of it may act.
        case .settingsFailed: if let (side, settings) = applying.popFirst(), events.count % 2 == 0 { apply(settings, side) }
        case .party(offered, .answered), .party(offered, .declined): offered = nil
        default: break
        }
        let answered = before
        for action in session.handle(event) { heed(action, event, answered) }
        if wasEnded, session.state != .ended { fault("it lives again") }
        look()
    }

    private mutating func apply(_ settings: LegSettings, _ side: SessionSide) {
        let file = settings.recording.map { "\(side) \($0) \(settings.part)" }, before = applied[side].flatMap { old in old.recording.map { "\(side) \($0) \(old.part)" } }
        if let before, before != file { closed.insert(before) }
        if let file, file != before, closed.contains(file) { fault("\(file) is written anew") }
        applied[side] = settings
    }

    private mutating func heed(_ action: ProxySession.Action, _ event: ProxySession.Event, _ before: OfferAnswer.State) {
        switch action {
        case .perform(let next, let number):
            if step != nil { fault("two steps at once") }
            step = (next, number)
        case .apply(let side, let settings):
            if applying[side] != nil { fault("two settings at once for the leg of \(side)") }
            applying[side] = settings
        case .sendOffer(let side, let offer):
            lookAt(offer)
            if offered != nil { fault("an offer to \(side) while another is out") }
            if asking.remove(side) == nil, offering.contains(side), case .offered(let exchange, _) = session.state, exchange.hasAnswerForOfferer, exchange.offerer == side {
                fault("\(side) is offered something while its own offer waits")
            }
            offered = side
        case .sendAnswer(let side, let answer):
            lookAt(answer)
            if offering.remove(side) == nil { fault("an answer to \(side), which waits for none") }
        case .refuseOffer(let side, _):
            if offering.remove(side) == nil, asking.remove(side) == nil { fault("a refusal to \(side), which has offered nothing") }
        case .refuseAnswer:
            // To the first offer another answer may follow.
            if case .party(let side, .answered) = event, case .offered(let exchange, _) = before, exchange.answerer == side {
                if !exchange.isFirst { fault("a later answer is to be given again") }
                offered = side
            }
        case .updated(let number, _), .updateFailed(let number, _), .holdDone(let number):
            if updates.remove(number) == nil { fault("a second outcome of update \(number)") }
        case .end:
            if hasEnded { fault("a second end") }
            hasEnded = true
            (step, offered, offering, asking, applying) = (nil, nil, [], [], [:])
        case .recording(.started(let file)): if !recordings.insert(file).inserted { fault("\(file) begins twice") }
        case .recording(.stopped(let file)): if recordings.remove(file) == nil { fault("\(file) ends, and has not begun") }
        case .recording(.failed(let file, _)): if recordings.contains(file) { fault("\(file) fails, and has begun") }
        case .refuseCandidate, .trickle, .held: break
        }
    }

    /// It is written where it leaves, and may be parsed again where a dialog goes on with another session.
    private mutating func lookAt(_ description: SessionDescription) {
        if (try? SessionDescription(parsing: description.text)) != description { fault("its text is another description: \(description)") }
    }

    private mutating func fault(_ text: String) { faults.append("\(text), in \(stateName) after \(events.count) events") }

    /// What is true in each state.
    private mutating func look() {
        switch session.state {
        case .attaching:
            if step == nil { fault("it waits for Janus, which has nothing to do") }
            if offered != nil { fault("somebody has an offer that nobody waits for") }
        case .offered(let exchange, _):
            if offered != exchange.answerer { fault("it waits for an answer to an offer that nobody has") }
            if step != nil { fault("Janus is busy while an answer is awaited") }
            if exchange.awaitsAnswer, !offering.contains(exchange.offerer), !exchange.isFirst { fault("the offerer waits no more") }
            if case .hold(let hold) = exchange.purpose, !updates.contains(hold.number) { fault("a hold that nobody waits for") }
        case .carrying:
            if step == nil { fault("it waits for Janus, which has nothing to do") }
        case .new, .stable:
            if step != nil { fault("Janus does what nobody waits for") }
            if offered != nil { fault("somebody has an offer that nobody waits for") }
            if session.state == .stable, !offering.isEmpty || !asking.isEmpty { fault("nobody answers the offer of \(offering.union(asking))") }
            if session.state == .stable, !session.changes.isApplying, session.changes.renewals != nil || !session.changes.waiting.isEmpty {
                fault("an update waits for nothing")
            }
        case .ended:
            if !hasEnded { fault("nobody heard of the end") }
            if !updates.isEmpty { fault("updates \(updates) have no outcome") }
            if !recordings.isEmpty { fault("recordings \(recordings) have no end") }
        }
        if applying.count != session.changes.applying?.outstanding ?? 0 { fault("settings are awaited that nobody applies") }
        if session.hasNewAgreement, !session.changes.isApplying, !session.isEnded { fault("the legs are not told what was agreed on") }
        if session.state == .stable, !session.changes.isApplying { lookAtLegs() }
        if session.pendingOffer != nil, offered == nil { fault("a pending offer that nobody has") }
    }

    /// Nothing is under way: each leg does what its side has agreed on, as far as it is neither muted nor held.
    private mutating func lookAtLegs() {
        for side in kind.sides where session.isEstablished {
            guard let settings = applied[side], let agreed = session.offers.sides[side]?.legMedia else {
                fault("the leg of \(side) has been told nothing")
                continue
            }
            let expected = agreed.map { medium in
                let flows = session.holds.commanded.isEmpty && (medium.kind == .audio ? session.options.useAudio : session.options.useVideo)
                var medium = medium
                (medium.receives, medium.sends) = (medium.receives && flows, medium.sends && flows)
                return medium
            }
            if settings.media != expected { fault("the leg of \(side) does \(settings.media), agreed is \(expected)") }
            if settings.bitrate != (kind.type(of: side) == .webrtc ? session.options.bitrate * 1_000 : 0) { fault("the bitrate of \(side)") }
            if settings.recording != recordings.first || recordings.count > 1 { fault("\(side) records \(settings.recording ?? "nothing") of \(recordings)") }
        }
    }

    /// From wherever it is: when all who owe something give it, everything has its end.
    mutating func settle() {
        for _ in 0..<200 where !session.isEnded {
            if let step {
                var engine = engine
                take(.stepDone(number: step.number, engine.outcome(of: step.step)))
            } else if let side = offered {
                take(.declined(side, .refused("no")))
            } else if !applying.isEmpty {
                take(.settingsApplied)
            } else {
                break
            }
        }
        let isDone = session.isEnded || session.state == .new || session.state == .stable
        if !isDone || !offering.isEmpty || !asking.isEmpty || (session.state != .new && !updates.isEmpty) {
            fault("no way out: offers of \(offering.union(asking)), updates \(updates)")
        }
        take(.stop(code: 200, reason: "stopped"))
    }
}

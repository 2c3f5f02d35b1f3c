import SDP

@testable import ProxyCore

/// A stand-in for the media engine: opens ports, and makes the offers and answers that Janus would.
struct StandInEngine {
    private(set) var ports: [SessionSide: [MediaKind: LegPort]] = [:]

    mutating func outcome(of step: MediaStep) -> StepOutcome {
        switch step {
        case .attach, .take: return .done
        case .open(let side, let media, _):
            for kind in media where ports[side]?[kind] == nil { ports[side, default: [:]][kind] = Self.port(side, kind) }
            return .opened(ports[side] ?? [:])
        case .give(_, let description): return .described(Self.described(description.sdp))
        }
    }

    /// The caller's audio is at 20000, its video at 20002, the called party's at 21000 and 21002.
    static func port(_ side: SessionSide, _ kind: MediaKind) -> LegPort {
        let port: UInt16 = (side == .caller ? 20_000 : 21_000) + (kind == .audio ? 0 : 2)
        return LegPort(port: port, key: (0..<UInt8(LegPort.keyBytes)).map { $0 &+ UInt8(truncatingIfNeeded: port) })
    }

    /// What Janus makes of a description that it is given for a browser: the same lines with a connection of its own.
    static func described(_ description: SessionDescription) -> SessionDescription {
        var session = description
        guard let browser = try? SessionDescription(parsing: Fixture.browserOffer) else { return session }
        let connection = (browser.media.first?.attributes ?? []).filter { ["ice-ufrag", "ice-pwd", "fingerprint"].contains($0.name) }
        session.attributes = connection + [.setup(.actpass)]
        for (index, medium) in session.media.enumerated() {
            let kept = medium.attributes.filter { ["rtpmap", "fmtp", "rtcp-fb", "sendrecv", "sendonly", "recvonly", "inactive"].contains($0.name) }
            session.media[index] = MediaDescription(
                kind: medium.kind, port: medium.port == 0 ? 0 : 9, transport: .dtlsSAVPF, formats: medium.formats,
                connection: Connection(address: "0.0.0.0"), attributes: kept + [.mid("\(index)"), .rtcpMux, .ssrc(SSRCAttribute(ssrc: 7, name: "cname", value: "janus"))])
        }
        return session
    }
}

/// A session whose legs do at once what it says. What its parties are told is collected.
struct DrivenSession {
    typealias Action = ProxySession.Action

    var session: ProxySession
    private(set) var engine = StandInEngine()
    /// All steps that the engine has been given.
    private(set) var steps: [MediaStep] = []
    /// What each leg does.
    private(set) var settings: [SessionSide: LegSettings] = [:]
    /// All settings that the legs have been told, in order.
    private(set) var told: [(side: SessionSide, settings: LegSettings)] = []
    /// Steps and settings that wait, while the engine is held up.
    private(set) var waiting: [Action] = []
    /// Whether the engine answers steps at once; what has waited is answered by ``resume()``.
    var answersSteps = true
    /// Whether the legs take settings at once.
    var takesSettings = true
    /// The text of what each side was last sent.
    private(set) var offers: [SessionSide: String] = [:]
    private(set) var answers: [SessionSide: String] = [:]

    init(
        _ kind: SessionKind, _ options: SessionOptions = SessionOptions(), profiles: [SessionSide: SIPProfile] = [:],
        addresses: LegAddresses = LegAddresses("192.0.2.1")
    ) {
        session = ProxySession(id: "s", kind: kind, options: options, addresses: addresses, number: 7, profiles: profiles)
    }

    /// Takes an event and all that follows from it in the engine. Returns what is done outside of the engine, in order.
    @discardableResult
    mutating func send(_ event: ProxySession.Event) -> [Action] {
        var events = [event], said: [Action] = []
        while !events.isEmpty {
            for action in session.handle(events.removeFirst()) {
                note(action)
                switch action {
                case .perform(let step, let number):
                    steps.append(step)
                    if answersSteps { events.append(.stepDone(number: number, engine.outcome(of: step))) } else { waiting.append(action) }
                case .apply(let side, let settings):
                    told.append((side, settings))
                    if takesSettings { take(settings, side, &events) } else { waiting.append(action) }
                default: said.append(action)
                }
            }
        }
        return said
    }

    /// The side that has an offer answers it.
    @discardableResult
    mutating func answer(_ sdp: String, trickle: Bool = false) -> [Action] {
        send(.answered(session.answerer ?? .callee, .said(sdp, trickle: trickle)))
    }

    /// The side that has an offer declines it.
    @discardableResult
    mutating func decline(_ failure: SessionFailure) -> [Action] { send(.declined(session.answerer ?? .callee, failure)) }

    private mutating func take(_ settings: LegSettings, _ side: SessionSide, _ events: inout [ProxySession.Event]) {
        self.settings[side] = settings
        events.append(.settingsApplied)
    }

    private mutating func note(_ action: Action) {
        switch action {
        case .sendOffer(let side, let offer): offers[side] = offer.text
        case .sendAnswer(let side, let answer): answers[side] = answer.text
        default: break
        }
    }

    /// The engine does what has waited, and from now on everything at once.
    @discardableResult
    mutating func resume() -> [Action] {
        (answersSteps, takesSettings) = (true, true)
        let waiting = waiting
        self.waiting = []
        return waiting.flatMap { finish($0) }
    }

    /// The engine does so many of the steps that wait, one after the other; the next ones wait.
    @discardableResult
    mutating func resume(steps count: Int) -> [Action] {
        var said: [Action] = []
        for _ in 0..<count {
            guard let index = waiting.firstIndex(where: { if case .perform = $0 { true } else { false } }) else { break }
            said += finish(waiting.remove(at: index))
        }
        return said
    }

    private mutating func finish(_ action: Action) -> [Action] {
        switch action {
        case .perform(let step, let number): return send(.stepDone(number: number, engine.outcome(of: step)))
        case .apply(let side, let settings):
            self.settings[side] = settings
            return send(.settingsApplied)
        default: return []
        }
    }

    /// The step that waits fails.
    mutating func failStep(_ failure: SessionFailure = .unavailable("Janus did not answer in time")) -> [Action] {
        answersSteps = true
        guard let index = waiting.firstIndex(where: { if case .perform = $0 { true } else { false } }),
            case .perform(_, let number) = waiting.remove(at: index)
        else { return [] }
        return send(.stepFailed(number: number, failure))
    }

    /// The settings that wait fail, all of them.
    mutating func failSettings(_ failure: SessionFailure = .unavailable("Janus did not answer in time")) -> [Action] {
        let count = waiting.count { if case .apply = $0 { true } else { false } }
        waiting.removeAll { if case .apply = $0 { true } else { false } }
        takesSettings = true
        return (0..<count).flatMap { _ in send(.settingsFailed(failure)) }
    }

    /// The medium of that kind that the leg of that side does.
    func medium(_ side: SessionSide, _ kind: MediaKind = .audio) -> LegMedium? { settings[side]?.media.first { $0.kind == kind } }

    /// The descriptions that Janus has been given, in order.
    var peerDescriptions: [PeerDescription] {
        steps.compactMap { step in
            switch step {
            case .take(_, let description), .give(_, let description): description
            case .attach, .open: nil
            }
        }
    }

    /// Whether the audio of each leg, the caller's first, is received and sent: `+` is yes, `-` no.
    var audio: [String] {
        session.kind.sides.map { side in medium(side).map { "\($0.receives ? "+" : "-")\($0.sends ? "+" : "-")" } ?? "closed" }
    }
}

extension DrivenSession {
    /// A call that is answered, between phones and browsers with audio; of a phone `caller` and `callee` are the descriptions.
    static func talking(
        _ kind: SessionKind, _ options: SessionOptions = SessionOptions(), caller: String? = nil, callee: String? = nil,
        profiles: [SessionSide: SIPProfile] = [:], addresses: LegAddresses = LegAddresses("192.0.2.1")
    ) -> DrivenSession {
        var driven = DrivenSession(kind, options, profiles: profiles, addresses: addresses)
        driven.send(.offered(.caller, .said(caller ?? Fixture.offer(kind.callerType))))
        if let type = kind.calleeType { driven.answer(callee ?? Fixture.answer(type)) }
        return driven
    }
}

extension ProxySession {
    /// Where its offers and answers are.
    var state: OfferAnswer.State { offers.state }
}

extension [ProxySession.Action] {
    /// The texts of what is offered to that side.
    func offers(to side: SessionSide) -> [String] { compactMap { if case .sendOffer(side, let offer) = $0 { offer.text } else { nil } } }

    /// The texts of what that side is answered.
    func answers(to side: SessionSide) -> [String] { compactMap { if case .sendAnswer(side, let answer) = $0 { answer.text } else { nil } } }

    /// Whether an offer of somebody is refused.
    var refuses: Bool { contains { if case .refuseOffer = $0 { true } else { false } } }
}

import EventLoop
import Janus
import Media
import ProxyCore
import SDP

/// Media without a media server: makes sessions whose steps a test lets happen.
@LoopActor
final class StandInMedia: SessionFactory {
    var isReady = true
    /// The sessions that live.
    private(set) var sessions: [StandInSession] = []
    /// Whether the next step of that session is to fail.
    var fails: @LoopActor () -> Bool = { false }
    private(set) var made = 0
    /// Descriptions that reached a session and could not be parsed.
    var unreadable: [String] = []

    func session(
        _ id: String, _ kind: SessionKind, options: SessionOptions, profiles: [SessionSide: SIPProfile],
        inherited: [SessionSide: DialogInheritance]
    ) -> any MediaSession {
        made += 1
        let session = StandInSession(id: id, number: made, kind: kind, options: options, profiles: profiles, media: self)
        sessions.append(session)
        return session
    }

    func forget(_ session: StandInSession) { sessions.removeAll { $0 === session } }
}

/// A session that behaves as ``EngineSession`` does, with descriptions that have a name and no media.
@LoopActor
final class StandInSession: MediaSession {
    /// One offer and its answer.
    private struct Exchange {
        enum Purpose: Equatable {
            case parties, own
            case hold(by: SessionSide, Bool)
        }

        let offerer: SessionSide
        var isFirst = false
        var purpose = Purpose.parties
        var isWithdrawn = false

        /// Whether the offerer is told what becomes of its offer.
        var awaitsAnswer: Bool { purpose == .parties && !isWithdrawn }
    }

    private enum State {
        case new
        /// A step of the media engine is under way.
        case carrying(Exchange)
        case offered(Exchange, SessionDescription)
        case stable
        case ended
    }

    let id: String
    let kind: SessionKind
    let profiles: [SessionSide: SIPProfile]
    let started = ContinuousClock.now
    var onOutput: (@LoopActor (SessionOutput) -> Void)?
    var isAnswered = false
    private(set) var isUp = false
    private(set) var flowing: [String: Bool] = [:]
    private(set) var options: SessionOptions
    private(set) var isEstablished = false
    private(set) var holders: Set<SessionSide> = []
    private var state = State.new
    /// Steps of the engine that have not been done.
    private var steps: [@LoopActor (StandInSession) -> Void] = []
    /// What waits until every offer is answered.
    private var changes: [(work: @LoopActor (StandInSession) -> Void, fail: @LoopActor () -> Void)] = []
    /// Told what becomes of the change that is being made.
    private var changeDone: UpdateCompletion?
    private let number: Int
    private var descriptions = 0
    /// What the parties have done about offers and answers, in order.
    private(set) var said: [(side: SessionSide, event: PartyEvent)] = []
    private let queue = EventQueue<@LoopActor (StandInSession) -> Void>()
    private weak var media: StandInMedia?

    init(
        id: String, number: Int, kind: SessionKind, options: SessionOptions, profiles: [SessionSide: SIPProfile], media: StandInMedia
    ) {
        self.id = id
        self.number = number
        self.kind = kind
        self.options = options
        self.profiles = profiles
        self.media = media
    }

    var isEnded: Bool { if case .ended = state { true } else { false } }
    var pendingOffer: SessionDescription? { if case .offered(_, let offer) = state { offer } else { nil } }
    var hasSteps: Bool { !steps.isEmpty }
    func agreedMedia(of side: SessionSide) -> [AgreedMedium] { [] }
    func takesTelephoneEvents(_ side: SessionSide) -> Bool { number.isMultiple(of: 2) }
    func inheritance(of side: SessionSide) -> DialogInheritance? { nil }
    func statistics(of side: SessionSide) async -> EngineStatistics? { nil }
    func summary() async -> SessionSummary { SessionSummary() }
    func send(_ signal: EngineSignal) async -> SessionFailure? { nil }
    func requestKeyframe(of side: SessionSide) {}
    func endIfMediaIsMissing(for limit: Duration) async {}
    func goOnRecording(of sessions: [any MediaSession]) { update(SessionOptionsChange(record: true)) { _ in } }

    /// As events of the real one: one after the other.
    private func take(_ event: @escaping @LoopActor (StandInSession) -> Void) {
        queue.take(event) { event in
            event(self)
            takeTurn()
        }
    }

    private func description() -> SessionDescription {
        descriptions += 1
        return SessionDescription(
            origin: Origin(sessionID: UInt64(number), sessionVersion: UInt64(descriptions), address: "192.0.2.1"), name: "session \(number)")
    }

    /// Parties of a test send nothing that cannot be parsed.
    private func check(_ description: RemoteDescription) {
        if case .failure(let error) = description.content { media?.unreadable.append("\(error)") }
    }

    // MARK: Steps

    /// Lets the oldest step happen.
    func step() {
        guard !steps.isEmpty else { return }
        take(steps.removeFirst())
    }

    private func later(_ exchange: Exchange, _ step: @escaping @LoopActor (StandInSession, Exchange, _ fails: Bool) -> Void) {
        state = .carrying(exchange)
        steps.append { session in
            guard case .carrying(let exchange) = session.state else { return }
            step(session, exchange, session.media?.fails() ?? false)
        }
    }

    private func takeTurn() {
        guard case .stable = state, steps.isEmpty, changeDone == nil, !changes.isEmpty else { return }
        let change = changes.removeFirst()
        change.work(self)
    }

    private static let failure = SessionFailure.refused("a step failed")

    private func fail(_ exchange: Exchange, _ failure: SessionFailure) {
        state = exchange.isFirst ? .new : .stable
        if exchange.awaitsAnswer { onOutput?(.offerRefused(exchange.offerer, failure)) }
        if case .hold = exchange.purpose { finishChange(.failure(failure)) }
        if exchange.isFirst { end(SessionEnd(code: failure.sipStatus, reason: failure.reason)) }
    }

    // MARK: Offers and answers

    func receive(_ event: PartyEvent, from side: SessionSide) {
        said.append((side, event))
        switch event {
        case .offered(let offer):
            check(offer)
            self.offer(side)
        case .offeredEarly(let offer):
            check(offer)
            offerEarly(side)
        case .offerWanted: offerWanted(side)
        case .withdrawn: withdraw(side)
        case .answered(let answer):
            check(answer)
            self.answer(side)
        case .declined(let failure): decline(side, failure)
        case .refreshed(let answer):
            check(answer)
            refresh(side)
        case .received: break
        }
    }

    private func offer(_ side: SessionSide) {
        take { session in
            switch session.state {
            case .new: session.begin(Exchange(offerer: side, isFirst: true))
            case .stable: session.begin(Exchange(offerer: side))
            case .carrying, .offered, .ended: session.onOutput?(.offerRefused(side, .state("another offer is under way")))
            }
        }
    }

    private func begin(_ exchange: Exchange) {
        later(exchange) { session, exchange, fails in
            if exchange.isWithdrawn { return session.fail(exchange, .state("withdrawn")) }
            if fails { return session.fail(exchange, StandInSession.failure) }
            if session.kind.calleeType == nil { return session.agree(exchange) }
            session.offerTo(exchange)
        }
    }

    /// The answerer gets the offer.
    private func offerTo(_ exchange: Exchange) {
        let offer = description()
        state = .offered(exchange, offer)
        onOutput?(.sendOffer(exchange.offerer.other, offer))
    }

    private func agree(_ exchange: Exchange) {
        state = .stable
        isEstablished = true
        if exchange.awaitsAnswer { onOutput?(.sendAnswer(exchange.offerer, description())) }
        if case .hold(let side, let isOn) = exchange.purpose { hold(side, isOn) }
    }

    private func offerWanted(_ side: SessionSide) {
        take { session in
            switch session.state {
            case .new where session.kind.calleeType == nil: session.askFor(Exchange(offerer: side.other, isFirst: true, purpose: .own))
            case .stable: session.askFor(Exchange(offerer: side.other, purpose: .own))
            default: session.onOutput?(.offerRefused(side, .state("another offer is under way")))
            }
        }
    }

    private func askFor(_ exchange: Exchange) {
        later(exchange) { session, exchange, fails in
            guard !fails else {
                session.onOutput?(.offerRefused(exchange.offerer.other, StandInSession.failure))
                return session.fail(exchange, StandInSession.failure)
            }
            session.offerTo(exchange)
        }
    }

    private func answer(_ side: SessionSide) {
        take { session in
            guard case .offered(let exchange, _) = session.state, exchange.offerer.other == side else {
                session.onOutput?(.answerRefused(.state("the session waits for no answer")))
                return
            }
            if exchange.isWithdrawn { return session.fail(exchange, .state("withdrawn")) }
            if session.media?.fails() == true {
                // Another answer to the first offer may follow.
                guard exchange.isFirst else { return session.fail(exchange, StandInSession.failure) }
                session.onOutput?(.answerRefused(StandInSession.failure))
                return
            }
            session.later(exchange) { session, exchange, fails in fails ? session.fail(exchange, StandInSession.failure) : session.agree(exchange) }
        }
    }

    private func decline(_ side: SessionSide, _ failure: SessionFailure) {
        take { session in
            guard case .offered(let exchange, _) = session.state, exchange.offerer.other == side else { return }
            session.fail(exchange, failure)
        }
    }

    private func withdraw(_ side: SessionSide) {
        take { session in
            switch session.state {
            case .carrying(var exchange) where exchange.offerer == side && exchange.awaitsAnswer && !exchange.isFirst:
                exchange.isWithdrawn = true
                session.state = .carrying(exchange)
            case .offered(var exchange, let offer) where exchange.offerer == side && exchange.awaitsAnswer && !exchange.isFirst:
                exchange.isWithdrawn = true
                session.state = .offered(exchange, offer)
            default: break
            }
        }
    }

    private func offerEarly(_ side: SessionSide) {
        take { session in
            guard case .stable = session.state else {
                session.onOutput?(.offerRefused(side, .state("another offer is under way")))
                return
            }
            session.later(Exchange(offerer: side)) { session, exchange, fails in
                fails ? session.fail(exchange, StandInSession.failure) : session.agree(exchange)
            }
        }
    }

    private func refresh(_ side: SessionSide) {
        guard kind.calleeType != nil else { return }
        change { session in session.begin(Exchange(offerer: side, purpose: .own)) } fail: {}
    }

    func trickle(_ candidate: TrickledCandidate, from side: SessionSide) -> SessionFailure? {
        if isEnded { return .state("the session has ended") }
        return kind.type(of: side) == .webrtc ? nil : .unsupported("this side of the session takes no candidates")
    }

    // MARK: Changes

    private func change(_ work: @escaping @LoopActor (StandInSession) -> Void, fail: @escaping @LoopActor () -> Void) {
        take { session in
            guard !session.isEnded else { return fail() }
            session.changes.append((work, fail))
        }
    }

    func update(_ change: SessionOptionsChange, done: @escaping UpdateCompletion) {
        self.change { session in
            session.changeDone = done
            session.steps.append { session in
                session.options = session.options.applying(change)
                session.finishChange(.success(session.options))
                session.onOutput?(.event(.updated(session.options)))
            }
        } fail: {
            done(.failure(.state("the session has ended")))
        }
    }

    func hold(by side: SessionSide, _ isOn: Bool, done: @escaping UpdateCompletion) {
        change { session in
            session.changeDone = done
            let exchange = Exchange(offerer: side, purpose: .hold(by: side, isOn))
            session.kind.type(of: side.other) == .rtp ? session.offerTo(exchange) : session.later(exchange) { session, exchange, _ in session.agree(exchange) }
        } fail: {
            done(.failure(.state("the session has ended")))
        }
    }

    private func hold(_ side: SessionSide, _ isOn: Bool) {
        let changes = isOn ? holders.insert(side).inserted : holders.remove(side) != nil
        finishChange(.success(options))
        if changes { onOutput?(.held(side, isOn)) }
    }

    private func finishChange(_ result: Result<SessionOptions, SessionFailure>) {
        let done = changeDone
        changeDone = nil
        done?(result)
    }

    // MARK: What the media engine tells

    /// Media begins, a digit comes, or a phone is to send a keyframe.
    func tell(_ output: SessionOutput) { take { $0.onOutput?(output) } }

    func stop(_ end: SessionEnd) { take { $0.end(end) } }

    private func end(_ end: SessionEnd) {
        guard !isEnded else { return }
        state = .ended
        // A step that was under way comes to nothing, but what waits for it is told.
        steps = []
        let waiting = changes
        changes = []
        finishChange(.failure(.state("the session has ended")))
        for change in waiting { change.fail() }
        let output = onOutput
        onOutput = nil
        media?.forget(self)
        output?(.ended(end))
    }
}

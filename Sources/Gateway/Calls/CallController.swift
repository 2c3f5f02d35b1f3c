internal import EventLoop
internal import Logging
internal import ProxyCore

/// A call: runs a ``Call`` with its session and its legs, and does what it says.
@LoopActor
final class CallController {
    let id: String
    let session: MediaSession
    let caller: any CallerLeg
    /// The legs that are called, by their number.
    let callees: [Call.Leg: any CalleeLeg]
    let started = ContinuousClock.now
    /// Called once, when the call is over.
    var onEnded: (@LoopActor (CallEnd) -> Void)?
    /// Events of the call's session, for its clients.
    var onSessionEvent: (@LoopActor (SessionEvent) -> Void)?
    /// The session's end, for its clients.
    var onSessionEnded: (@LoopActor (SessionEnd) -> Void)?

    private var machine: Call
    private let limits: CallLimits
    private let log: Logger
    private let queue = EventQueue<Call.Event>()
    private var timers: [Call.Limit: LoopTimer] = [:]

    init(
        id: String, session: MediaSession, caller: any CallerLeg, callees: [any CalleeLeg], limits: CallLimits,
        log: Logger
    ) {
        self.id = id
        self.session = session
        self.caller = caller
        self.limits = limits
        let numbered = Dictionary(uniqueKeysWithValues: zip(1..., callees))
        self.callees = numbered
        machine = Call(id: id, echo: session.kind.calleeType == nil, legs: numbered.keys.sorted())
        var log = log
        log[metadataKey: "call"] = "\(id)"
        log[metadataKey: "session"] = "\(session.id)"
        self.log = log
        session.onOutput = { [weak self] output in self?.heard(output) }
    }

    var isEstablished: Bool { machine.isEstablished }

    /// Takes one event of a leg, or of the gateway.
    func handle(_ event: Call.Event) {
        queue.take(event) { event in
            for action in machine.handle(event) { perform(action) }
        }
    }

    private func heard(_ output: MediaSession.Output) {
        switch output {
        case .offer(let sdp): handle(.sessionOffers(sdp))
        case .answer(let sdp): handle(.sessionAnswers(sdp))
        case .failed(let failure): handle(session.pendingOffer == nil ? .sessionFailed(failure) : .answerRefused(failure))
        case .event(let event): onSessionEvent?(event)
        case .ended(let end):
            onSessionEnded?(end)
            handle(.sessionEnded(end))
        }
    }

    private func perform(_ action: Call.Action) {
        switch action {
        case .startSession(let offer, let trickle): startSession(offer: offer, trickle: trickle)
        case .invite(let leg, let offer): callees[leg]?.invite(offer: offer)
        case .ringCaller: caller.ring()
        case .answerSession(let sdp, let trickle): session.answer(sdp, trickle: trickle)
        case .confirmCallee(let leg): callees[leg]?.confirm()
        case .answerCaller(let sdp):
            log.info("call answered")
            caller.answer(sdp)
        case .refuse(let leg, let failure): callees[leg]?.refuse(failure)
        case .rejectCaller(let end): caller.reject(end)
        case .hangUpCaller(let end): caller.hangUp(end)
        case .endCallee(let leg, let end): callees[leg]?.end(end)
        case .startTimer(let limit): startTimer(limit)
        case .stopTimer(let limit): timers.removeValue(forKey: limit)?.cancel()
        case .stopSession(let end): session.stop(SessionEnd(code: end.status, reason: end.reason))
        case .ended(let end): finish(end)
        }
    }

    /// A session that was started before has its offer ready.
    private func startSession(offer: String, trickle: Bool) {
        if let pending = session.pendingOffer {
            handle(.sessionOffers(pending))
        } else {
            session.start(offer: offer, trickle: trickle)
        }
    }

    private func startTimer(_ limit: Call.Limit) {
        let (after, end): (Duration?, CallEnd) =
            switch limit {
            case .ringing: (limits.ringing, .noAnswer)
            case .duration:
                (limits.duration, CallEnd(status: 200, reason: "Maximum call duration reached", by: .gateway))
            }
        guard let after else { return }
        timers[limit] = LoopTimer.schedule(after: after) { [weak self] in self?.handle(.terminate(end)) }
    }

    private func finish(_ end: CallEnd) {
        for timer in timers.values { timer.cancel() }
        timers = [:]
        log.info("call ended", metadata: [
            "status": "\(end.status)", "reason": "\(end.reason)", "by": "\(end.by.rawValue)",
        ])
        let ended = onEnded
        onEnded = nil
        ended?(end)
    }
}

/// How long a call may ring and last.
struct CallLimits {
    var ringing: Duration
    /// nil: as long as it likes.
    var duration: Duration?
}

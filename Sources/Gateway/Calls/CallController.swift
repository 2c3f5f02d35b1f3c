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
        // The session keeps the call alive until it has ended, so that its end is heard when the call is over before.
        session.onOutput = { output in self.heard(output) }
    }

    var isEstablished: Bool { machine.isEstablished }
    /// Whether the called party is to make the offer.
    var wantsOffer: Bool { machine.wantsOffer }

    /// Takes one event of a leg, or of the gateway.
    func handle(_ event: Call.Event) {
        queue.take(event) { event in
            for action in machine.handle(event) { perform(action) }
        }
    }

    private func heard(_ output: MediaSession.Output) {
        switch output {
        case .offer(let side, let sdp): handle(.sessionOffers(side, sdp))
        case .answer(let side, let sdp): handle(.sessionAnswers(side, sdp))
        case .offerRefused(let side, let failure): handle(.offerRefused(side, failure))
        case .answerRefused(let failure): handle(.answerRefused(failure))
        case .event(let event): onSessionEvent?(event)
        case .ended(let end):
            onSessionEnded?(end)
            handle(.sessionEnded(end))
        }
    }

    private func perform(_ action: Call.Action) {
        switch action {
        case .offerSession(let side, let sdp, let trickle): offerSession(side, sdp, trickle: trickle)
        case .refreshSession(let side, let sdp): session.refreshed(side, sdp)
        case .askSession(let side): session.offerWanted(side)
        case .answerSession(let sdp, let trickle): session.answer(sdp, trickle: trickle)
        case .declineSession(let failure): session.decline(failure)
        case .invite(let leg, let offer):
            caller.proceed()
            callees[leg]?.invite(offer: offer)
        case .ringCaller: caller.ring()
        case .progressCaller(let sdp): caller.progress(sdp)
        case .confirmCallee(let leg, let answer): callees[leg]?.confirm(answer: answer)
        case .answerCaller(let sdp):
            log.info("call answered")
            caller.answer(sdp)
        case .refuse(let leg, let failure): callees[leg]?.refuse(failure)
        case .carryOffer(let side, let leg, let sdp): party(side, leg)?.carryOffer(sdp)
        case .carryAnswer(let side, let leg, let sdp): party(side, leg)?.carryAnswer(sdp)
        case .refuseOffer(let side, let leg, let failure): party(side, leg)?.refuseOffer(failure)
        case .rejectCaller(let end): caller.reject(end)
        case .hangUpCaller(let end): caller.hangUp(end)
        case .endCallee(let leg, let end): callees[leg]?.end(end)
        case .startTimer(let limit): startTimer(limit)
        case .stopTimer(let limit): timers.removeValue(forKey: limit)?.cancel()
        case .stopSession(let end): session.stop(SessionEnd(code: end.status, reason: end.reason))
        case .ended(let end): finish(end)
        }
    }

    private func party(_ side: SessionSide, _ leg: Call.Leg?) -> (any CallLeg)? {
        switch side {
        case .caller: caller
        case .callee: leg.flatMap { callees[$0] }
        }
    }

    /// A session that was started before has its offer for the called party ready.
    private func offerSession(_ side: SessionSide, _ sdp: String, trickle: Bool) {
        if let pending = session.pendingOffer, !session.isEstablished, side == .caller {
            handle(.sessionOffers(.callee, pending))
        } else {
            session.offer(side, sdp, trickle: trickle)
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

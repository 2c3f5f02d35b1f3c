internal import EventLoop
internal import Events
internal import Logging
internal import Media
internal import ProxyCore
internal import Routing
internal import SIP

/// A call: runs a ``Call`` with its sessions and its legs, and does what it says.
@LoopActor
final class CallController {
    let id: String
    /// The session that carries the call; the first one that lives while it is open which will.
    private(set) var session: any MediaSession
    let caller: any CallerLeg
    /// Who calls.
    let origin: CallOrigin
    /// The legs that are called, by their number.
    var callees: [Call.Leg: any CalleeLeg] { plan.callees }
    private var plan: CallPlan
    /// What it is about; nil where nobody can be called for it but those that are.
    var context: CallContext?
    /// Where redirections have led to.
    var redirections: Set<String> = []
    var started: ContinuousClock.Instant { times.began }
    private(set) var times = CallReport.Times()
    /// The Call-IDs that have been told as this call's.
    private var toldDialogs: Set<String> = []
    /// The leg that has taken the call, also when that is over.
    private var lastTaker: Call.Leg?
    /// What its record is made of; nil before it begins.
    private(set) var journal: CallJournal?
    /// Called once, when the call is over.
    var onEnded: (@LoopActor (CallEnd) -> Void)?
    /// Events of the call's session, for its clients.
    var onSessionEvent: (@LoopActor (SessionEvent) -> Void)?
    /// A side has begun to hold the call, or ceased to.
    var onHeld: (@LoopActor (SessionSide, Bool) -> Void)?
    /// The phone or browser at that side sent a DTMF digit in RTP (RFC 4733), of that length.
    var onDigit: (@LoopActor (SessionSide, Character, Duration) -> Void)?
    /// The caller of an echo sent a DTMF digit as tones in its audio, of that length.
    var onToneDigit: (@LoopActor (Character, Duration) -> Void)?
    /// What the signalling tells of the call where it is a line test.
    let lineTest = LineTestNotes()
    /// Judges it, should it be a line test.
    weak var lineTests: LineTests?
    /// The session's end, for its clients.
    var onSessionEnded: (@LoopActor (SessionEnd) -> Void)?
    /// Called when the call is answered.
    var onAnswered: (@LoopActor () -> Void)?
    /// Called after each event: the ringing legs and the answering leg may have changed.
    var onParties: (@LoopActor () -> Void)?
    /// Called when ``session`` has become another one.
    var onSessionChanged: (@LoopActor (any MediaSession) -> Void)?
    /// The transfer that a party of it has asked for, or that it came about by, as long as that is under way.
    var transfer: TransferRunner?
    /// The dialogs that clients at each side have been given for another node; nil where they were told that there is none.
    var ticketed: [SessionSide: SIPDialog?] = [:]
    /// The party that went on in another call.
    private(set) var kept: (any CallLeg)?

    private var machine: Call
    /// The sessions that live, all with the same id.
    private var sessions: [Call.Branch: any MediaSession]
    private let limits: CallLimits
    private let log: Logger
    private let queue = EventQueue<Call.Event>()
    private var timers: [Call.Limit: LoopTimer] = [:]

    /// - Parameters:
    ///   - session: One of `sessions`.
    ///   - sessions: One for each branch of the plan.
    init(
        id: String, session: any MediaSession, sessions: [Call.Branch: any MediaSession], caller: any CallerLeg, origin: CallOrigin,
        plan: CallPlan, limits: CallLimits, log: Logger
    ) {
        self.id = id
        self.session = session
        self.sessions = sessions
        self.caller = caller
        self.origin = origin
        self.limits = limits
        self.plan = plan
        machine = Call(id: id, stages: plan.stages, takesEarlyMedia: !(caller is any TransferredLeg))
        var log = log
        log[metadataKey: "call"] = "\(id)"
        log[metadataKey: "session"] = "\(session.id)"
        self.log = log
        // A session keeps the call alive until it has ended, so that its end is heard when the call is over before.
        for (branch, session) in sessions { listen(to: session, branch) }
    }

    private func listen(to session: any MediaSession, _ branch: Call.Branch) {
        session.onOutput = { output in self.receive(output, branch) }
    }

    /// Has others ring in the place of `leg`.
    ///
    /// - Parameters:
    ///   - makeSession: For a branch that no session of the call has.
    ///   - tie: Ties each new leg to the call.
    func redirect(
        _ leg: Call.Leg, to legs: [CallPlanner.Party], instead end: CallEnd, makeSession: (CallPlan.Branch) -> (any MediaSession)?,
        tie: (Call.Leg, any CalleeLeg) -> Void
    ) {
        let parties = plan.join(legs)
        for (branch, made) in plan.branches where sessions[branch] == nil && parties.contains(where: { $0.branch == branch }) {
            guard let session = makeSession(made) else { continue }
            sessions[branch] = session
            listen(to: session, branch)
        }
        for party in parties { if let leg = callees[party.leg] { tie(party.leg, leg) } }
        handle(.redirected(leg, to: parties, end))
    }

    var isEstablished: Bool { machine.isEstablished }
    var isEnded: Bool { machine.isEnded }
    /// The leg that has taken the call.
    var answerer: Call.Leg? { machine.answerer }
    /// The leg that has taken the call, from its answer on.
    var taker: Call.Leg? { machine.taker }
    /// The legs that ring.
    var ringing: Set<Call.Leg> { machine.ringing }
    /// The leg whose media the session has, early media included.
    var mediaLeg: Call.Leg? { machine.mediaLeg }
    /// The most telling of the refusals so far.
    var refusal: CallEnd? { machine.refusal }
    /// Whether the called party is to make the offer.
    var wantsOffer: Bool { machine.wantsOffer }

    /// Takes one event of a leg, or of the gateway.
    func handle(_ event: Call.Event) {
        if transfer?.takes(event, of: self) == true { return }
        if case .handedOver(let side, _) = event { kept = party(side) }
        if case .calleeEnded(let leg, let end) = event {
            callees[leg]?.left(end)
            tell(.refused(leg: leg, status: end.status, reason: end.reason))
            journal?.ends(leg, status: end.status, reason: end.reason)
        }
        switch event {
        case .ringing(let leg), .progress(let leg, _): journal?.rings(leg)
        default: break
        }
        queue.take(event) { event in
            let actions = machine.handle(event)
            lastTaker = machine.taker ?? lastTaker
            // The sender of a REFER hears of the end before its BYE, after which it would not.
            for case .ended(let end) in actions { transfer?.ending(self, end) }
            for action in actions { perform(action) }
            if machine.isEstablished { session.isAnswered = true }
            onParties?()
        }
    }

    private func receive(_ output: SessionOutput, _ branch: Call.Branch) {
        switch output {
        case .sendOffer(let side, let offer): handle(.sessionOffers(side, offer, branch: branch))
        case .sendAnswer(let side, let answer): handle(.sessionAnswers(side, answer, branch: branch))
        case .offerRefused(let side, let failure): handle(.offerRefused(side, failure, branch: branch))
        case .answerRefused(let failure): handle(.answerRefused(failure, branch: branch))
        case .keyframeRequested(let side): (party(side) as? any SIPOfferingLeg)?.infos?.requestKeyframe()
        case .digit(let side, let digit, let duration): if sessions[branch] === session { onDigit?(side, digit, duration) }
        case .toneDigit(_, let digit, let duration): if sessions[branch] === session { onToneDigit?(digit, duration) }
        case .held(let side, let isOn): if sessions[branch] === session { onHeld?(side, isOn) }
        case .event(let event):
            note(event)
            if sessions[branch] === session { onSessionEvent?(event) }
        case .ended(let end): ended(branch, end)
        }
    }

    /// The clients know one session: it ends with the last of its branches.
    private func ended(_ branch: Call.Branch, _ end: SessionEnd) {
        let ended = sessions.removeValue(forKey: branch)
        if let first = sessions.min(by: { $0.key < $1.key })?.value {
            if ended === session { select(first) }
        } else {
            onSessionEnded?(end)
        }
        handle(.sessionEnded(end, branch: branch))
    }

    private func select(_ session: any MediaSession) {
        guard session !== self.session else { return }
        self.session = session
        onSessionChanged?(session)
    }

    private func settle(_ branch: Call.Branch) {
        guard let settled = sessions[branch] else { return }
        select(settled)
        for (other, session) in sessions where other != branch { session.stop(.answeredElsewhere) }
    }

    private func perform(_ action: Call.Action) {
        switch action {
        case .tellSession(let side, let event, let branch): tellSession(branch, event, side)
        case .invite(let leg, let offer):
            caller.proceed()
            callees[leg]?.invite(offer: offer)
            tellInvited(leg)
        case .ringCaller:
            noteRinging()
            caller.ring()
        case .progressCaller(let answer):
            noteRinging()
            caller.progress(answer)
        case .progressDone(let leg, let failure): callees[leg]?.progressed(failure)
        case .confirmCallee(let leg, let answer): callees[leg]?.confirm(answer: answer)
        case .answerCaller(let description):
            log.info("call answered")
            times.answers()
            lineTest.noteAnswer()
            tell(.answered)
            tellDialogs()
            journal?.answers(machine.taker, machine.taker.flatMap { callees[$0]?.origin }, fill)
            if isEcho { (caller as? BrowserCallerLeg)?.isLineTest = true }
            caller.answer(description)
            onAnswered?()
            transfer?.answered(self)
        case .refuse(let leg, let failure): callees[leg]?.refuse(failure)
        case .sendOffer(let side, let leg, let offer): party(side, leg)?.sendOffer(offer)
        case .sendAnswer(let side, let leg, let answer): party(side, leg)?.sendAnswer(answer)
        case .refuseOffer(let side, let leg, let failure):
            if side == .caller { lineTest.noteFailedOffer(isOurs: false, failure.reason) }
            party(side, leg)?.refuseOffer(failure)
        case .rejectCaller(let end): caller.reject(end)
        case .hangUpCaller(let end): caller.hangUp(end)
        case .endCallee(let leg, let end):
            callees[leg]?.end(end)
            journal?.ends(leg, status: end.status, reason: end.reason)
        case .startTimer(let limit): startTimer(limit)
        case .stopTimer(let limit): timers.removeValue(forKey: limit)?.cancel()
        case .settle(let branch): settle(branch)
        case .stopSession(let end): stopSessions(SessionEnd(code: end.code, reason: end.reason))
        case .ended(let end): finish(end)
        }
    }

    /// The party at that side of an established call; nil for the echo.
    func party(_ side: SessionSide) -> (any CallLeg)? { party(side, machine.answerer) }

    private func party(_ side: SessionSide, _ leg: Call.Leg?) -> (any CallLeg)? {
        switch side {
        case .caller: caller
        case .callee: leg.flatMap { callees[$0] }
        }
    }

    private func tellSession(_ branch: Call.Branch, _ event: PartyEvent, _ side: SessionSide) {
        let session = sessions[branch]
        if case .offered = event {
            guard let session else { return handle(.offerRefused(side, .state("the session has ended"), branch: branch)) }
            // A session that was started before has its offer for the called party ready.
            if let pending = session.pendingOffer, !session.isEstablished, side == .caller {
                return handle(.sessionOffers(.callee, pending, branch: branch))
            }
        }
        session?.receive(event, from: side)
    }

    /// Ends every session that lives.
    func stopSessions(_ end: SessionEnd) {
        for session in Array(sessions.values) { session.stop(end) }
    }

    private func startTimer(_ limit: Call.Limit) {
        let (after, event): (Duration?, Call.Event) =
            switch limit {
            case .ringing: (limits.ringing, .ringingOver)
            case .duration:
                (limits.duration, .terminate(CallEnd(status: 200, reason: "Maximum call duration reached", by: .gateway)))
            }
        timers.removeValue(forKey: limit)?.cancel()
        guard let after else { return }
        timers[limit] = LoopTimer.schedule(after: after) { [weak self] in self?.handle(event) }
    }

    private func finish(_ end: CallEnd) {
        for timer in timers.values { timer.cancel() }
        timers = [:]
        tellDialogs()
        tell(.ended(CallOutcome(status: end.status, reason: end.reason, by: end.by.rawValue)))
        report(end)
        let ended = onEnded
        onEnded = nil
        ended?(end)
        transfer?.ended(self, end)
    }
}

// MARK: What is told of it

extension CallController {
    /// Also has the legs remember their Call-IDs.
    private func noteRinging() {
        if times.rang == nil { tell(.rings) }
        journal?.rings()
        times.rings()
        tellDialogs()
    }

    func tell(_ event: @autoclosure () -> CallEvent) { EventStream.shared.tell(id, event()) }

    /// Tells that it begins, and what belongs to it.
    func tellStart() {
        tell(.began(CallStart(
            callerKind: CallReport.kind(of: origin, isBrowser: caller is any BrowserLeg), caller: origin.user, dialled: context?.dialled ?? "",
            source: "\(origin.source)")))
        tell(.hasSession(id: session.id))
        if let client = (caller as? any BrowserLeg)?.client.id { tell(.hasClient(id: client, isCaller: true)) }
        tellDialogs()
        journal = beginRecord()
    }

    /// Tells of the SIP dialogs that it has got; has the legs remember their Call-IDs as well.
    func tellDialogs() {
        for leg in [caller as any CallLeg] + callees.values.map({ $0 as any CallLeg }) {
            guard let callID = (leg as? any PhoneLeg)?.dialog?.callID, toldDialogs.insert(callID).inserted else { continue }
            tell(.hasDialog(callID: callID, isCaller: leg === caller))
        }
    }

    var callIDs: [SessionSide: String] {
        var ids: [SessionSide: String] = [:]
        ids[.caller] = (caller as? any PhoneLeg)?.dialog?.callID
        ids[.callee] = (reportedCallee as? any PhoneLeg)?.dialog?.callID
        return ids
    }

    /// Who took the call, or was the only one that was called.
    var reportedCallee: (any CalleeLeg)? {
        (lastTaker ?? machine.mediaLeg ?? (callees.count == 1 ? callees.keys.first : nil)).flatMap { callees[$0] }
    }

    /// Writes the call's line, as soon as its session has been given back.
    private func report(_ end: CallEnd) {
        let report = CallReport(
            caller: origin, isFromBrowser: caller is any BrowserLeg, callee: lastTaker.flatMap { callees[$0]?.origin },
            dialled: context?.dialled, route: context?.route, routedTo: context?.routedTo, target: (reportedCallee as? SIPCalleeLeg)?.target,
            times: times, end: end, callIDs: callIDs)
        journal?.end(end, report.result, fill)
        let (log, session, journal, lineTests) = (log, session, journal, lineTests)
        LoopActor.task {
            let summary = await session.summary()
            report.count(summary)
            log.info("call ended", metadata: report.metadata(summary))
            journal?.close(summary, lineTests?.verdicts(on: self, summary, end))
        }
    }
}

/// The state of one media session: a pure machine that is told what happened and says what to do.
///
/// It carries offers and answers between its two sides, one exchange at a time (``Exchange``). A description goes through
/// in stages: the side that sent it is understood (`accept…`), Janus turns it over (``MediaStep``), and the other side's is
/// made of what comes out (`make…`). ``SessionKind`` says which stages there are. An exchange that fails ends the session
/// when it is the first one; a later one is refused, and what was agreed before stands (RFC 6141).
/// Nothing that a peer sends can trap.
public struct ProxySession: Sendable {
    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A side offers: the first time to start the session, later to change it. `trickle` says that candidates follow by
        /// themselves. The first offer is the caller's, or the called party's when the caller leaves it to that one.
        case offered(SessionSide, sdp: String, trickle: Bool)
        /// A phone asks for an offer: within its dialog, or to begin with.
        case offerWanted(SessionSide)
        /// A phone answers what it was told last with another description than before: its refresh of the session timer.
        case refreshed(SessionSide, sdp: String)
        /// A phone was told this in its dialog, beside the session: later descriptions have to have higher versions.
        case said(SessionSide, sdp: String)
        /// A phone offers anew before the call is answered.
        case offeredEarly(SessionSide, sdp: String)
        /// That side withdraws its offer: it was cancelled, or not answered in time.
        case withdrawn(SessionSide)
        /// The side that was offered something answers.
        case answered(sdp: String, trickle: Bool)
        /// The side that was offered something does not take it.
        case declined(SessionFailure)
        /// Janus did the step; its text, where it makes one.
        case stepDone(String)
        case stepFailed(SessionFailure)
        case candidate(SessionSide, TrickledCandidate)
        /// Options are to change; `number` comes back with the outcome.
        case update(number: Int, SessionOptionsChange)
        /// A side is to hold the call, or to resume it, without a description of its own; `number` comes back with the outcome.
        case hold(number: Int, SessionSide, Bool)
        case settingsApplied
        case settingsFailed(SessionFailure)
        /// What is kept from flowing of these is to be let through for a moment.
        case letThrough(audio: Bool, video: Bool)
        /// The recording that was to begin with the session does not; all else does.
        case recordingFailed(file: String, SessionFailure)
        /// Janus or the path to a browser is gone.
        case mediaLost(SessionEnd)
        case stop(code: Int, reason: String)
    }

    /// What to do about it, in this order.
    public enum Action: Sendable, Equatable {
        case perform(MediaStep)
        /// Carry this offer to that side.
        case deliverOffer(SessionSide, String)
        /// Carry this answer to that side, which made the offer: it is agreed.
        case deliverAnswer(SessionSide, String)
        /// The offer of that side cannot be carried out. When it was the first one, the session ends as well.
        case refuseOffer(SessionSide, SessionFailure)
        /// The answer cannot be used; another one may follow.
        case refuseAnswer(SessionFailure)
        case refuseCandidate(SessionFailure)
        case trickle(SessionHandle.Role, TrickledCandidate)
        case apply(SessionHandle, MediaSettings)
        /// The update is done, with these options now in force.
        case updated(number: Int, SessionOptions)
        /// The update could not be carried out; the session goes on.
        case updateFailed(number: Int, SessionFailure)
        /// The side holds now, or does no longer.
        case holdDone(number: Int)
        /// A side has begun to hold the call, or ceased to, in whatever way.
        case held(by: SessionSide, Bool)
        case recording(RecordingChange)
        /// Let go of all handles: the session is over.
        case end(SessionEnd)
    }

    enum State: Sendable, Equatable {
        case new
        /// The handles are being attached; the first offer waits.
        case attaching(offer: String, trickle: Bool, by: SessionSide)
        case exchanging(Exchange)
        /// This phone has got the offer that it asked for, and has not answered it.
        case reoffered(SessionSide)
        /// A phone has been offered the hold, or its end.
        case holding(Holding)
        /// NoSIP is being told what stands, at one handle after another.
        case restoring(rest: [SessionHandle.Role])
        /// What is kept from flowing is let through for a moment.
        case lettingThrough
        /// All that was offered is answered.
        case stable
        case ended
    }

    public let id: String
    public let kind: SessionKind
    public internal(set) var options: SessionOptions
    /// The offer that one side has and has not answered.
    public internal(set) var pendingOffer: String?
    /// Whether the first exchange is done.
    public private(set) var isEstablished = false

    var state = State.new
    var recorder: RecordingNames
    /// What the part of the recording has in it that runs.
    var captured: Captured?
    var updates: [(number: Int, change: Change)] = []
    var holds = Holds()
    var limiting: Limiting?
    var applying: Applying?
    var sides: [SessionSide: LegNegotiation]
    private var handlesAttached = false
    private var candidatesWaiting: [(SessionHandle.Role, TrickledCandidate)] = []

    /// Candidates that are kept until the handles are attached; what comes over that is refused.
    static let maximumWaitingCandidates = 64

    /// - Parameters:
    ///   - id: Lower-case UUID; names the recordings too.
    ///   - address: The media address that SIP sides are told in `o=` and `c=`.
    ///   - number: Distinguishes this session in `o=` lines (RFC 8866 section 5.2).
    ///   - profiles: What is said to the phones at its sides; the standard where none is given.
    ///   - inherited: What phones bring that have been in another session in the same dialog.
    public init(
        id: String, kind: SessionKind, options: SessionOptions, address: String, number: UInt64,
        profiles: [SessionSide: SIPProfile] = [:], inherited: [SessionSide: DialogInheritance] = [:]
    ) {
        self.id = id
        self.kind = kind
        self.options = options
        recorder = RecordingNames(session: id)
        sides = [.caller: .make(kind.callerType, number: number, address: address, profiles[.caller] ?? .standard)]
        sides[.callee] = kind.calleeType.map {
            .make($0, number: number &+ 1, address: address, profiles[.callee] ?? .standard)
        }
        for (side, inheritance) in inherited { sides[side]?.inherit(inheritance) }
        for side in kind.sidesLimitedByDescription { sides[side]?.bitrate = options.bitrate }
    }

    /// What the phone at `side` takes along to another session; nil for browsers.
    public func inheritance(of side: SessionSide) -> DialogInheritance? {
        if case .sip(let leg)? = sides[side] { leg.inheritance } else { nil }
    }

    public var isEnded: Bool { state == .ended }

    /// What that side has agreed on; empty before its first answer, and where there is no such side.
    public func agreedMedia(of side: SessionSide) -> [AgreedMedium] { sides[side]?.agreedMedia ?? [] }

    /// Whether the phone at that side takes keys as RTP (RFC 4733), at the moment: nothing gets through a hold.
    public func takesTelephoneEvents(_ side: SessionSide) -> Bool {
        guard case .sip(let leg)? = sides[side] else { return false }
        return leg.hasTelephoneEvents && holders.isEmpty && options.useAudio
    }

    /// The side that has an offer to answer.
    public var answerer: SessionSide? {
        guard case .exchanging(let exchange) = state, exchange.phase == .awaitingAnswer else { return nil }
        return exchange.offerer.other
    }

    /// Takes one event.
    public mutating func handle(_ event: Event) -> [Action] {
        if state == .ended { return afterEnd(event) }
        switch event {
        case .offered(let side, let sdp, let trickle): return offered(by: side, sdp, trickle: trickle)
        case .offerWanted(let side): return offerWanted(by: side)
        case .refreshed(let side, let sdp): return refreshed(by: side, sdp)
        case .said(let side, let sdp):
            sides[side]?.note(sdp)
            return []
        case .offeredEarly(let side, let sdp): return offeredEarly(by: side, sdp)
        case .withdrawn(let side): return withdrawn(by: side)
        case .answered(let sdp, let trickle): return answered(sdp, trickle: trickle)
        case .declined(let failure): return declined(failure)
        case .stepDone(let text): return stepDone(text)
        case .stepFailed(let failure): return stepFailed(failure)
        case .candidate(let side, let candidate): return trickle(candidate, from: side)
        case .update(let number, let change): return update(number, change)
        case .hold(let number, let side, let on): return hold(number, by: side, on)
        case .settingsApplied: return settled(nil)
        case .settingsFailed(let failure): return settled(failure)
        case .letThrough(let audio, let video): return letThrough(audio: audio, video: video)
        case .recordingFailed(let file, let failure): return recordingFailed(file, failure)
        case .mediaLost(let end): return self.end(end)
        case .stop(let code, let reason): return end(SessionEnd(code: code, reason: reason))
        }
    }

    private func afterEnd(_ event: Event) -> [Action] {
        let failure = SessionFailure.state("the session has ended")
        switch event {
        case .offered(let side, _, _), .offerWanted(let side), .offeredEarly(let side, _): return [.refuseOffer(side, failure)]
        case .answered: return [.refuseAnswer(failure)]
        case .candidate: return [.refuseCandidate(failure)]
        case .update(let number, _), .hold(let number, _, _): return [.updateFailed(number: number, failure)]
        default: return []
        }
    }

    // MARK: Offers

    private mutating func offered(by side: SessionSide, _ sdp: String, trickle: Bool) -> [Action] {
        guard let paths = kind.paths(ofOfferBy: side, isFirst: !isEstablished) else {
            return [.refuseOffer(side, .unsupported("this side of the session cannot offer"))]
        }
        switch state {
        case .new:
            state = .attaching(offer: sdp, trickle: trickle, by: side)
            return [.perform(.attach(kind.handles))]
        case .stable:
            if let answer = repeatAnswer(to: sdp, of: side) { return [.deliverAnswer(side, answer)] }
            let purpose = changesPathOnly(side, sdp) ? Exchange.Purpose.path : .parties
            return begin(Exchange(offerer: side, paths: paths, isFirst: false, purpose: purpose), sdp, trickle: trickle)
        case .attaching, .exchanging, .reoffered, .holding, .restoring, .lettingThrough, .ended:
            return [.refuseOffer(side, ProxySession.glare)]
        }
    }

    /// Both sides at once, or one again before it was answered: the one who asked later tries again (RFC 3261 14.2).
    static let glare = SessionFailure.state("another offer is being answered")

    private mutating func begin(_ exchange: Exchange, _ sdp: String, trickle: Bool) -> [Action] {
        state = .exchanging(exchange)
        do {
            let text = try negotiate(exchange.offerer) { (leg) throws(NegotiationError) in try leg.acceptOffer(sdp) }
            return advance(text, exchange, trickle: trickle)
        } catch {
            return fail(exchange, .description(error))
        }
    }

    private mutating func answered(_ sdp: String, trickle: Bool) -> [Action] {
        if case .reoffered(let side) = state { return reanswered(by: side, sdp) }
        if case .holding(let holding) = state { return holdAnswered(holding, sdp) }
        guard case .exchanging(var exchange) = state, exchange.phase == .awaitingAnswer else {
            return [.refuseAnswer(.state(answerRefusal))]
        }
        if exchange.isWithdrawn { return discardAnswer(of: exchange, .withdrawn) }
        do {
            let text = try negotiate(exchange.offerer.other) { (leg) throws(NegotiationError) in try leg.acceptAnswer(sdp) }
            pendingOffer = nil
            if exchange.purpose == .limit {
                state = .stable
                return nextUpdate()
            }
            exchange.role = .answer
            exchange.phase = .answering(rest: exchange.paths.answer)
            return advance(text, exchange, trickle: trickle)
        } catch {
            let failure = SessionFailure.description(error)
            // Nothing has been changed yet. To the first offer another answer may follow; a later one has ended for its answerer.
            if exchange.isFirst { return [.refuseAnswer(failure)] }
            return exchange.purpose == .limit ? limitDeclined(failure) : discardAnswer(of: exchange, failure)
        }
    }

    private var answerRefusal: String {
        if case .echo = kind { return "an echo session takes no answer" }
        return state == .stable ? "the session has been answered before" : "the session waits for no answer"
    }

    private mutating func declined(_ failure: SessionFailure) -> [Action] {
        if case .reoffered(let side) = state { return notReanswered(by: side, .refused("the phone does not take the limit")) }
        if case .holding(let holding) = state { return holdDeclined(holding, failure) }
        guard case .exchanging(let exchange) = state, exchange.phase == .awaitingAnswer else { return [] }
        if exchange.purpose == .limit { return limitDeclined(failure) }
        return fail(exchange, failure)
    }

    // MARK: Stages

    private mutating func stepDone(_ text: String) -> [Action] {
        switch state {
        case .attaching(let offer, let trickle, let side):
            handlesAttached = true
            let waiting = candidatesWaiting.map { Action.trickle($0.0, $0.1) }
            candidatesWaiting = []
            if offer.isEmpty { return beginEcho() + waiting }
            guard let paths = kind.paths(ofOfferBy: side, isFirst: true) else { return waiting }
            return begin(Exchange(offerer: side, paths: paths, isFirst: true), offer, trickle: trickle) + waiting
        case .exchanging(let exchange) where exchange.phase != .awaitingAnswer:
            return exchange.isWithdrawn ? fail(exchange, .withdrawn) : advance(text, exchange)
        case .restoring(let rest):
            return restore(rest)
        case .lettingThrough:
            state = .stable
            return nextUpdate()
        default:
            return []
        }
    }

    private mutating func stepFailed(_ failure: SessionFailure) -> [Action] {
        switch state {
        case .attaching(_, _, let side):
            return [.refuseOffer(side, failure)] + end(SessionEnd(code: failure.sipStatus, reason: failure.reason))
        case .exchanging(let exchange) where exchange.phase != .awaitingAnswer:
            return fail(exchange, failure)
        case .restoring(let rest):
            return restore(rest)
        case .lettingThrough:
            state = .stable
            return nextUpdate()
        default:
            return []
        }
    }

    /// Takes `text` to the next stage; after the last one it is delivered.
    mutating func advance(_ text: String, _ exchange: Exchange, trickle: Bool = false) -> [Action] {
        do {
            guard let stage = exchange.rest.first else { return try deliver(text, exchange) }
            let text = exchange.isForEcho ? try echoed(text, to: stage) : text
            let description = BrowserDescription(
                exchange.role, sdp: stage.isTied ? try withoutCandidates(jsep: text) : text,
                trickle: trickle || stage.isTied, isUpdate: !exchange.isFirst)
            let step = step(stage, description, exchange)
            var next = exchange.with(rest: Array(exchange.rest.dropFirst()))
            if case .echo = stage { next.role = .answer }
            if case .process(let handle) = stage { next.processed.append(handle) }
            state = .exchanging(next)
            return [.perform(step)]
        } catch {
            return fail(exchange, .description(error))
        }
    }

    private mutating func step(_ stage: MediaStage, _ description: BrowserDescription, _ exchange: Exchange) -> MediaStep {
        switch stage {
        case .process(let handle): return .process(handle, sdp: description.sdp, description.role)
        case .generate(let handle, _): return .generate(handle, description, suite: sides[side(ofPhoneBehind: handle)]?.suite)
        case .call: return .call(description)
        case .accept: return .accept(description)
        case .update(let handle): return .update(handle, description)
        case .echo(let handle, _):
            if exchange.isFirst { _ = recorder.begin(if: options.record) }
            return .echo(handle, description, settings())
        }
    }

    private mutating func deliver(_ text: String, _ exchange: Exchange) throws(NegotiationError) -> [Action] {
        var exchange = exchange
        if exchange.purpose == .janus || (exchange.purpose == .path && exchange.isOffering) { return replayed(exchange) }
        if exchange.role == .offer || (exchange.isOffering && exchange.isForEcho) {
            let side = exchange.offerer.other
            let offer = try negotiate(side) { (leg) throws(NegotiationError) in try leg.makeOffer(text) }
            pendingOffer = offer
            exchange.phase = .awaitingAnswer
            state = .exchanging(exchange)
            return [.deliverOffer(side, offer)]
        }
        var actions: [Action] = []
        if exchange.purpose == .parties || exchange.purpose == .path {
            let answer = try negotiate(exchange.offerer) { (leg) throws(NegotiationError) in try leg.makeAnswer(text) }
            actions = [.deliverAnswer(exchange.offerer, answer)]
        }
        state = .stable
        isEstablished = true
        return actions + lookWhoHolds() + (exchange.isFirst ? settle() : settleAgain())
    }

    /// The exchange comes to nothing.
    mutating func fail(_ exchange: Exchange, _ failure: SessionFailure) -> [Action] {
        let refusal: [Action] = exchange.awaitsAnswer ? [.refuseOffer(exchange.offerer, failure)] : []
        guard !exchange.isFirst else {
            return refusal + end(SessionEnd(code: failure.sipStatus, reason: failure.reason))
        }
        if exchange.isAccepted { revert(exchange.offerer.other) }
        for side in SessionSide.allCases { sides[side]?.rollback() }
        pendingOffer = nil
        return refusal + restore(after: exchange)
    }

    mutating func negotiate(
        _ side: SessionSide, _ body: (inout LegNegotiation) throws(NegotiationError) -> String
    ) throws(NegotiationError) -> String {
        guard var leg = sides[side] else { throw .wrongState }
        let text = try body(&leg)
        sides[side] = leg
        return text
    }

    // MARK: Candidates

    private mutating func trickle(_ received: TrickledCandidate, from side: SessionSide) -> [Action] {
        guard let role = kind.handle(ofBrowserAt: side) else {
            return [.refuseCandidate(.unsupported("this side of the session takes no candidates"))]
        }
        let candidate: TrickledCandidate
        do throws(NegotiationError) {
            guard let readable = try received.readableForJanus() else { return [] }
            candidate = readable
        } catch {
            return [.refuseCandidate(.description(error))]
        }
        if handlesAttached { return [.trickle(role, candidate)] }
        guard candidatesWaiting.count < ProxySession.maximumWaitingCandidates else {
            return [.refuseCandidate(.state("too many candidates before the session has started"))]
        }
        candidatesWaiting.append((role, candidate))
        return []
    }

    // MARK: End

    mutating func end(_ end: SessionEnd) -> [Action] {
        let holding: Int? = if case .holding(let holding) = state { holding.number } else { nil }
        state = .ended
        pendingOffer = nil
        candidatesWaiting = []
        return abandonUpdates(holding: holding) + [.end(end)]
    }
}

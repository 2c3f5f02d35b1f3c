import SDP

/// The state of one media session: a pure machine that is told what happened and says what to do.
///
/// It carries offers and answers between its two sides, one exchange at a time (``Exchange``). A description goes through
/// in stages: the side that sent it is understood (`accept…`), a browser's leg takes it, the other side's leg makes ready what that side
/// is to be told (``MediaStep``), and its description is made of that (`make…`). When both have agreed, each leg is told all that it is to
/// do (``LegSettings``). An exchange that fails ends the session when it is the first one; a later one is refused, and what was agreed
/// before stands (RFC 6141).
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
        /// Janus did the step.
        case stepDone(StepOutcome)
        case stepFailed(SessionFailure)
        case candidate(SessionSide, TrickledCandidate)
        /// Options are to change; `number` comes back with the outcome.
        case update(number: Int, SessionOptionsChange)
        /// A side is to hold the call, or to resume it, without a description of its own; `number` comes back with the outcome.
        case hold(number: Int, SessionSide, Bool)
        case settingsApplied
        case settingsFailed(SessionFailure)
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
        case trickle(SessionSide, TrickledCandidate)
        /// Have the leg of that side do this.
        case apply(SessionSide, LegSettings)
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
        /// The handles are being attached; the first offer waits. Nil is one that the phone of an echo waits for.
        case attaching(offer: String?, trickle: Bool, by: SessionSide)
        case exchanging(Exchange)
        /// This phone has been offered what stands, and has not answered: it asked for it, or its limit has changed.
        case reoffered(SessionSide, isLimit: Bool)
        /// A phone has been offered the hold, or its end.
        case holding(Holding)
        /// A browser's PeerConnection is told what stands; those of the other sides follow.
        case restoring(rest: [SessionSide], Refusal?)
        /// All that was offered is answered.
        case stable
        case ended
    }

    /// An offer whose side is told that it came to nothing when all stands as before: its next offer finds nothing under way.
    struct Refusal: Sendable, Equatable {
        let side: SessionSide
        let failure: SessionFailure
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
    /// The codecs in the part of the recording that runs.
    var captured: Captured = [:]
    var updates: [(number: Int, change: Change)] = []
    var holds = Holds()
    var limiting: Limiting?
    var applying: Applying?
    /// Whether the legs have to be told what was agreed on, when they have taken what they were told before.
    var isChanged = false
    /// What phones answered to a refresh while something else was under way.
    var refreshes: [SessionSide: String] = [:]
    /// What each side has agreed on.
    var agreed: [SessionSide: [LegMedium]] = [:]
    var sides: [SessionSide: LegNegotiation]
    /// The description that a step is about, for the stage after it.
    private var passing = ""
    private var handlesAttached = false
    private var candidatesWaiting: [(SessionSide, TrickledCandidate)] = []

    /// Candidates that are kept until the handles are attached; what comes over that is refused.
    static let maximumWaitingCandidates = 64

    /// - Parameters:
    ///   - id: Lower-case UUID; names the recordings too.
    ///   - addresses: The media addresses, of which a phone is told one in `o=` and `c=`.
    ///   - number: Distinguishes this session in `o=` lines (RFC 8866 section 5.2).
    ///   - profiles: What is said to the phones at its sides; the standard where none is given.
    ///   - inherited: What phones bring that have been in another session in the same dialog.
    public init(
        id: String, kind: SessionKind, options: SessionOptions, addresses: LegAddresses, number: UInt64,
        profiles: [SessionSide: SIPProfile] = [:], inherited: [SessionSide: DialogInheritance] = [:]
    ) {
        self.id = id
        self.kind = kind
        self.options = options
        recorder = RecordingNames(session: id)
        sides = [.caller: .make(kind.callerType, number: number, addresses, profiles[.caller] ?? .standard)]
        sides[.callee] = kind.calleeType.map {
            .make($0, number: number &+ 1, addresses, profiles[.callee] ?? .standard)
        }
        for (side, inheritance) in inherited { sides[side]?.inherit(inheritance) }
        for side in kind.sidesLimitedByDescription { sides[side]?.limit(to: options.bitrate) }
    }

    /// What the phone at `side` takes along to another session; nil for browsers.
    public func inheritance(of side: SessionSide) -> DialogInheritance? {
        if case .sip(let leg)? = sides[side] { leg.inheritance } else { nil }
    }

    public var isEnded: Bool { state == .ended }

    /// What that side has agreed on; empty before its first answer, and where there is no such side.
    public func agreedMedia(of side: SessionSide) -> [AgreedMedium] { sides[side]?.agreedMedia ?? [] }

    /// Whether that side sends a picture.
    public func sendsPicture(_ side: SessionSide) -> Bool { agreed[side]?.contains { $0.kind == .video && $0.receives } ?? false }

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
        case .stepDone(let outcome): return stepDone(outcome)
        case .stepFailed(let failure): return stepFailed(failure)
        case .candidate(let side, let candidate): return trickle(candidate, from: side)
        case .update(let number, let change): return update(number, change)
        case .hold(let number, let side, let on): return hold(number, by: side, on)
        case .settingsApplied: return settled(nil)
        case .settingsFailed(let failure): return settled(failure)
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
        guard kind.mayOffer(side) else {
            return [.refuseOffer(side, .unsupported("this side of the session cannot offer"))]
        }
        switch state {
        case .new:
            state = .attaching(offer: sdp, trickle: trickle, by: side)
            return [.perform(.attach(kind.sides))]
        case .stable:
            if let answer = repeatAnswer(to: sdp, of: side) { return [.deliverAnswer(side, answer)] + agree(by: side) }
            let purpose = changesPathOnly(side, sdp) ? Exchange.Purpose.path : ordinaryPurpose
            return begin(Exchange(offerer: side, isFirst: false, purpose: purpose), sdp, trickle: trickle)
        case .attaching, .exchanging, .reoffered, .holding, .restoring, .ended:
            return [.refuseOffer(side, ProxySession.glare)]
        }
    }

    /// Both sides at once, or one again before it was answered: the one who asked later tries again (RFC 3261 14.2).
    static let glare = SessionFailure.state("another offer is being answered")

    private var ordinaryPurpose: Exchange.Purpose { if case .echo = kind { .echo } else { .parties } }

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
        if case .reoffered(let side, let isLimit) = state { return reanswered(by: side, sdp, isLimit: isLimit) }
        if case .holding(let holding) = state { return holdAnswered(holding, sdp) }
        guard case .exchanging(let exchange) = state, exchange.phase == .awaitingAnswer else {
            return [.refuseAnswer(.state(answerRefusal))]
        }
        if exchange.isWithdrawn { return discardAnswer(of: exchange, .withdrawn) }
        do {
            let text = try negotiate(exchange.offerer.other) { (leg) throws(NegotiationError) in try leg.acceptAnswer(sdp) }
            pendingOffer = nil
            if exchange.purpose == .renewal {
                state = .stable
                return lookWhoHolds() + agree(by: exchange.offerer.other)
            }
            return advance(text, exchange.answering, trickle: trickle)
        } catch {
            let failure = SessionFailure.description(error)
            // Nothing has been changed yet. To the first offer another answer may follow; a later one has ended for its answerer.
            if exchange.isFirst { return [.refuseAnswer(failure)] }
            return exchange.purpose == .renewal ? limitDeclined(failure) : discardAnswer(of: exchange, failure)
        }
    }

    private var answerRefusal: String {
        if case .echo = kind { return "an echo session takes no answer" }
        return state == .stable ? "the session has been answered before" : "the session waits for no answer"
    }

    private mutating func declined(_ failure: SessionFailure) -> [Action] {
        if case .reoffered(let side, let isLimit) = state { return notReanswered(by: side, failure, isLimit: isLimit) }
        if case .holding(let holding) = state { return holdDeclined(holding, failure) }
        guard case .exchanging(let exchange) = state, exchange.phase == .awaitingAnswer else { return [] }
        if exchange.purpose == .renewal { return limitDeclined(failure) }
        return fail(exchange, failure)
    }

    // MARK: Stages

    private mutating func stepDone(_ outcome: StepOutcome) -> [Action] {
        switch state {
        case .attaching(let offer, let trickle, let side):
            handlesAttached = true
            let waiting = candidatesWaiting.map { Action.trickle($0.0, $0.1) }
            candidatesWaiting = []
            guard let offer else { return beginEcho() + waiting }
            return begin(Exchange(offerer: side, isFirst: true, purpose: ordinaryPurpose), offer, trickle: trickle) + waiting
        case .exchanging(let exchange) where exchange.phase != .awaitingAnswer:
            if case .opened(let ports) = outcome { open(ports, for: exchange) }
            if exchange.isWithdrawn { return fail(exchange, .withdrawn) }
            return advance(outcome.text ?? passing, exchange)
        case .restoring(let rest, let refusal):
            return restore(rest, refusal)
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
        case .restoring(let rest, let refusal):
            return restore(rest, refusal)
        default:
            return []
        }
    }

    /// Takes `text` to the next stage that is Janus' business; after the last one it is delivered.
    mutating func advance(_ text: String, _ exchange: Exchange, trickle: Bool = false) -> [Action] {
        var exchange = exchange
        do {
            while let stage = exchange.rest.first {
                let description = PeerDescription(exchange.role, sdp: text, trickle: trickle, isUpdate: !exchange.isFirst)
                let step = try step(stage, description)
                // Ports that are open leave nothing to do.
                exchange = exchange.with(rest: Array(exchange.rest.dropFirst()))
                guard let step else { continue }
                passing = text
                if let side = step.peerConnection, !exchange.told.contains(side) { exchange.told.append(side) }
                state = .exchanging(exchange)
                return [.perform(step)]
            }
            return try deliver(text, exchange)
        } catch {
            return fail(exchange, .description(error))
        }
    }

    /// What Janus has to do at that stage; nil for nothing.
    private func step(_ stage: MediaStage, _ description: PeerDescription) throws(NegotiationError) -> MediaStep? {
        switch (stage, sides[stage.side]) {
        case (.take(let side), .webrtc): return .take(side, description)
        case (.give(let side), .webrtc):
            guard description.role == .offer, description.isUpdate else { return .give(side, description) }
            return .give(
                side,
                PeerDescription(.offer, sdp: try InactiveOffer.opened(description.sdp), trickle: description.trickle, isUpdate: true))
        case (.give(let side), .sip(let leg)):
            let missing = try leg.mediaWithoutPort(of: description.sdp)
            return missing.isEmpty ? nil : .open(side, missing, leg.family)
        case (.take, .sip), (_, nil): return nil
        }
    }

    /// The ports of the side that was to be told something.
    private mutating func open(_ ports: [MediaKind: LegPort], for exchange: Exchange) {
        let side = exchange.isOffering ? exchange.offerer.other : exchange.offerer
        sides[side]?.open(ports)
    }

    private mutating func deliver(_ text: String, _ exchange: Exchange) throws(NegotiationError) -> [Action] {
        if exchange.isOffering {
            switch exchange.purpose {
            case .echo: return try advance(echoAnswer(to: text), exchange.answering)
            case .path:
                guard let standing = standing(for: exchange.offerer) else { throw .wrongState }
                return advance(standing, exchange.answering)
            case .parties, .other, .renewal: break
            }
            var exchange = exchange
            let side = exchange.offerer.other
            let made = kind.type(of: side) == .webrtc && !exchange.isFirst ? try InactiveOffer.closed(text, like: passing) : text
            let offer = try negotiate(side) { (leg) throws(NegotiationError) in try leg.makeOffer(made) }
            pendingOffer = offer
            exchange.phase = .awaitingAnswer
            state = .exchanging(exchange)
            return [.deliverOffer(side, offer)]
        }
        var actions: [Action] = []
        if exchange.answerStages.last == .give(exchange.offerer) {
            let answer = try negotiate(exchange.offerer) { (leg) throws(NegotiationError) in try leg.makeAnswer(text) }
            actions = [.deliverAnswer(exchange.offerer, answer)]
        }
        state = .stable
        isEstablished = true
        return actions + lookWhoHolds() + agree()
    }

    /// The exchange comes to nothing.
    mutating func fail(_ exchange: Exchange, _ failure: SessionFailure) -> [Action] {
        let refusal = exchange.awaitsAnswer ? Refusal(side: exchange.offerer, failure: failure) : nil
        guard !exchange.isFirst else {
            return say(refusal) + end(SessionEnd(code: failure.sipStatus, reason: failure.reason))
        }
        if exchange.isAccepted { revert(exchange.offerer.other) }
        for side in SessionSide.allCases { sides[side]?.rollback() }
        pendingOffer = nil
        return restore(exchange.told, refusal)
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
        guard kind.type(of: side) == .webrtc else {
            return [.refuseCandidate(.unsupported("this side of the session takes no candidates"))]
        }
        let candidate: TrickledCandidate
        do throws(NegotiationError) {
            guard let readable = try received.readableForJanus() else { return [] }
            candidate = readable
        } catch {
            return [.refuseCandidate(.description(error))]
        }
        if handlesAttached { return [.trickle(side, candidate)] }
        guard candidatesWaiting.count < ProxySession.maximumWaitingCandidates else {
            return [.refuseCandidate(.state("too many candidates before the session has started"))]
        }
        candidatesWaiting.append((side, candidate))
        return []
    }

    // MARK: End

    mutating func end(_ end: SessionEnd) -> [Action] {
        let holding: Int? = if case .holding(let holding) = state { holding.number } else { nil }
        let refusal: Refusal? = if case .restoring(_, let refusal) = state { refusal } else { nil }
        state = .ended
        pendingOffer = nil
        candidatesWaiting = []
        refreshes = [:]
        return say(refusal) + abandonUpdates(holding: holding) + [.end(end)]
    }
}

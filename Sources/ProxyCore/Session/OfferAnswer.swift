import SDP

/// The offers and answers of a session (RFC 3264): a machine that carries one ``Exchange`` at a time.
///
/// A description passes in stages: the negotiation of its side accepts it, the leg of that side takes it, the leg of the other side makes ready what that side
/// is to be told (``MediaStep``), and the other side's negotiation makes its description of that. An exchange that fails leaves the session as it was before;
/// the first one ends it (RFC 6141).
struct OfferAnswer: Sendable {
    /// Ways out: a step's outcome from `attaching` and `carrying`; an answer, a refusal or a withdrawal from `offered`; an offer from `new` and `stable`.
    /// Everything leads to `ended` when the session is stopped.
    enum State: Sendable, Equatable {
        /// Nobody has offered anything.
        case new
        /// Janus attaches the handles; the first offer waits.
        case attaching(FirstOffer)
        /// Janus does this step with the description.
        case carrying(Exchange, SessionDescription, step: Int)
        /// The answerer has this offer.
        case offered(Exchange, SessionDescription)
        /// Every offer is answered.
        case stable
        case ended
    }

    /// The offer that a session begins with.
    struct FirstOffer: Sendable, Equatable {
        let offerer: SessionSide
        /// Nil when the phone of an echo waits for an offer.
        let offer: SessionDescription?
        let trickle: Bool
        let step: Int
    }

    /// What the session has to do, in this order.
    enum Outcome: Sendable, Equatable {
        case action(ProxySession.Action)
        /// This side has agreed on media, or both have; nil for both.
        case agreed(by: SessionSide?)
        /// The answerer of this own offer declined it.
        case declined(Exchange.Purpose, SessionFailure)
        /// The phone agreed to the hold, or to its end, with this answer.
        case holdAnswered(Exchange.Hold, SessionDescription)
        /// The side accepted an offer that failed afterwards: it has to be offered the current session.
        case renewalNeeded(SessionSide)
        /// The first exchange failed.
        case failed(SessionFailure)
    }

    let kind: SessionKind
    var sides: [SessionSide: LegNegotiation]
    var state = State.new
    /// Whether the first exchange is done.
    private(set) var isEstablished = false
    /// The number of the last step: an outcome with another number is late and ignored.
    private var step = 0
    private var candidates = TrickledCandidates()

    init(kind: SessionKind, sides: [SessionSide: LegNegotiation]) {
        self.kind = kind
        self.sides = sides
    }

    /// The offer that a side has and has not answered.
    var pendingOffer: SessionDescription? { if case .offered(_, let offer) = state { offer } else { nil } }

    /// The side that has an offer to answer.
    var answerer: SessionSide? { if case .offered(let exchange, _) = state { exchange.answerer } else { nil } }

    // MARK: Offers

    mutating func receiveOffer(from side: SessionSide, _ received: RemoteDescription) -> [Outcome] {
        guard kind.mayOffer(side) else { return refuse(side, .unsupported("this side of the session cannot offer")) }
        guard state == .new || state == .stable else { return refuse(side, .glare) }
        let offer: SessionDescription
        do {
            offer = try received.read()
        } catch {
            let failure = SessionFailure.description(error)
            return refuse(side, failure) + (state == .new ? [.failed(failure)] : [])
        }
        if state == .new { return attach(offer, from: side, trickle: received.trickle) }
        if let answer = repeatAnswer(to: offer, of: side) { return [.action(.sendAnswer(side, answer)), .agreed(by: side)] }
        let purpose = changesPathOnly(side, offer) ? Exchange.Purpose.path : kind.purpose
        return begin(Exchange(offerer: side, purpose: purpose), offer, trickle: received.trickle)
    }

    mutating func attach(_ offer: SessionDescription?, from side: SessionSide, trickle: Bool) -> [Outcome] {
        step &+= 1
        state = .attaching(FirstOffer(offerer: side, offer: offer, trickle: trickle, step: step))
        return [.action(.perform(.attach(kind.sides), number: step))]
    }

    private mutating func begin(_ exchange: Exchange, _ offer: SessionDescription, trickle: Bool) -> [Outcome] {
        do {
            let inner = try negotiate(exchange.offerer) { (leg) throws(NegotiationError) in try leg.acceptOffer(offer) }
            if !exchange.isFirst { candidates.restart(of: exchange.offerer) }
            return advance(inner, exchange, trickle: trickle)
        } catch {
            return fail(exchange, .description(error))
        }
    }

    /// Offers to the other side what `side` has said in an answer.
    mutating func forward(_ inner: SessionDescription, from side: SessionSide) -> [Outcome] {
        advance(inner, Exchange(offerer: side, purpose: .forwarded))
    }

    // MARK: Answers

    mutating func receiveAnswer(from side: SessionSide, _ answer: RemoteDescription) -> [Outcome] {
        guard case .offered(let exchange, _) = state, exchange.answerer == side else {
            return [.action(.refuseAnswer(.state(answerRefusal)))]
        }
        if exchange.isWithdrawn { return discardAnswer(of: exchange, .withdrawn) }
        let before = sides[side]
        do {
            let inner = try negotiate(side) { (leg) throws(NegotiationError) in try leg.acceptAnswer(answer.read()) }
            switch exchange.purpose {
            case .parties, .forwarded, .echo, .path: return advance(inner, exchange.answering, trickle: answer.trickle)
            case .renewal: return renewed(side, before, inner)
            case .hold(let hold):
                state = .stable
                return [.holdAnswered(hold, inner)]
            }
        } catch {
            let failure = SessionFailure.description(error)
            // Another answer to the first offer may follow; the answerer of a later offer believes that it is agreed.
            if exchange.isFirst { return [.action(.refuseAnswer(failure))] }
            return exchange.isOwn ? declined(exchange, failure) : discardAnswer(of: exchange, failure)
        }
    }

    private var answerRefusal: String {
        if case .echo = kind { return "an echo session takes no answer" }
        return state == .stable ? "the session has been answered before" : "the session waits for no answer"
    }

    /// The side has answered the current session. What a phone has changed by it goes to the other side.
    private mutating func renewed(_ side: SessionSide, _ before: LegNegotiation?, _ inner: SessionDescription) -> [Outcome] {
        if case .sip(let before)? = before, case .sip(let after)? = sides[side], sides[side.other] != nil,
            after.agreedMedia != before.standingMedia, !before.withholdsKeys
        {
            // The phone has agreed to this, also if the other side declines it.
            return [.agreed(by: side)] + forward(inner, from: side)
        }
        state = .stable
        // The other side is told nothing.
        return [.agreed(by: side)]
    }

    mutating func receiveRefusal(from side: SessionSide, _ failure: SessionFailure) -> [Outcome] {
        guard case .offered(let exchange, _) = state, exchange.answerer == side else { return [] }
        return exchange.isOwn ? declined(exchange, failure) : fail(exchange, failure)
    }

    private mutating func declined(_ exchange: Exchange, _ failure: SessionFailure) -> [Outcome] {
        sides[exchange.answerer]?.rollback()
        state = .stable
        return [.declined(exchange.purpose, failure)]
    }

    // MARK: Withdrawal and failure

    /// The offerer withdraws its offer: a phone cancels its re-INVITE (RFC 3261, section 9), or the answer does not come in time. The answerer's copy of the
    /// offer cannot be withdrawn: its answer is awaited and discarded. Until then every other offer meets a glare.
    mutating func withdrawOffer(of side: SessionSide) {
        func marked(_ exchange: Exchange) -> Exchange? {
            guard exchange.offerer == side, exchange.awaitsAnswer, !exchange.isFirst else { return nil }
            var exchange = exchange
            exchange.isWithdrawn = true
            return exchange
        }
        switch state {
        case .carrying(let exchange, let inner, let step): state = marked(exchange).map { .carrying($0, inner, step: step) } ?? state
        case .offered(let exchange, let offer): state = marked(exchange).map { .offered($0, offer) } ?? state
        case .new, .attaching, .stable, .ended: break
        }
    }

    /// Ends a later exchange whose answerer has accepted the offer, without using its answer.
    private mutating func discardAnswer(of exchange: Exchange, _ failure: SessionFailure) -> [Outcome] {
        sides[exchange.answerer]?.withdraw()
        return fail(exchange, failure) + [.renewalNeeded(exchange.answerer)]
    }

    private mutating func fail(_ exchange: Exchange, _ failure: SessionFailure) -> [Outcome] {
        let refusal = exchange.awaitsAnswer ? refuse(exchange.offerer, failure) : []
        guard !exchange.isFirst else { return refusal + [.failed(failure)] }
        if exchange.isAccepted { sides[exchange.answerer]?.withdraw() }
        for side in SessionSide.allCases { sides[side]?.rollback() }
        state = .stable
        return refusal + (exchange.isAccepted ? [.renewalNeeded(exchange.answerer)] : [])
    }

    func refuse(_ side: SessionSide, _ failure: SessionFailure) -> [Outcome] { [.action(.refuseOffer(side, failure))] }

    mutating func end() {
        state = .ended
        candidates.end()
    }

    // MARK: Stages

    mutating func stepDone(_ number: Int, _ outcome: StepOutcome) -> [Outcome] {
        switch state {
        case .attaching(let first) where first.step == number:
            let addresses: LegAddresses? = if case .attached(let addresses) = outcome { addresses } else { nil }
            for side in SessionSide.allCases { sides[side]?.receive(at: addresses) }
            let outcomes = begin(first)
            return outcomes + candidates.attached().map(Outcome.action)
        case .carrying(let exchange, let inner, step: number):
            if case .opened(let ports) = outcome { sides[exchange.role == .offer ? exchange.answerer : exchange.offerer]?.open(ports) }
            if exchange.isWithdrawn { return fail(exchange, .withdrawn) }
            let generated: SessionDescription? = if case .described(let description) = outcome { description } else { nil }
            return advance(inner, exchange, generated: generated)
        default:
            return []
        }
    }

    private mutating func begin(_ first: FirstOffer) -> [Outcome] {
        if let offer = first.offer {
            return begin(Exchange(offerer: first.offerer, isFirst: true, purpose: kind.purpose), offer, trickle: first.trickle)
        }
        // The phone is offered all our codecs; its answer says where its media is.
        guard case .sip(let leg)? = sides[first.offerer] else { return [.failed(.state("the session has no such side"))] }
        return advance(leg.offerForEcho, Exchange(offerer: first.offerer.other, isFirst: true, purpose: .forwarded))
    }

    mutating func stepFailed(_ number: Int, _ failure: SessionFailure) -> [Outcome] {
        switch state {
        case .attaching(let first) where first.step == number: return refuse(first.offerer, failure) + [.failed(failure)]
        case .carrying(let exchange, _, step: number): return fail(exchange, failure)
        default: return []
        }
    }

    /// Takes the description through the stages that are left, up to the next one with a step for Janus; after the last one it is delivered.
    private mutating func advance(
        _ inner: SessionDescription, _ exchange: Exchange, generated: SessionDescription? = nil, trickle: Bool = false
    ) -> [Outcome] {
        var exchange = exchange
        while let stage = exchange.stages.first {
            exchange.stages.removeFirst()
            guard let next = mediaStep(stage, inner, exchange, trickle: trickle) else { continue }
            step &+= 1
            state = .carrying(exchange, inner, step: step)
            return [.action(.perform(next, number: step))]
        }
        do {
            return try deliver(inner, generated, exchange)
        } catch {
            return fail(exchange, .description(error))
        }
    }

    /// What Janus has to do at that stage; nil for nothing.
    private func mediaStep(_ stage: MediaStage, _ inner: SessionDescription, _ exchange: Exchange, trickle: Bool) -> MediaStep? {
        func description(_ text: SessionDescription) -> PeerDescription {
            PeerDescription(exchange.role, sdp: text.openForJanus, trickle: trickle, isUpdate: !exchange.isFirst)
        }
        switch (stage, sides[stage.side]) {
        case (.take(let side), .webrtc): return .take(side, description(inner))
        case (.give(let side), .webrtc): return .give(side, description(inner))
        case (.give(let side), .sip(let leg)):
            let missing = leg.mediaWithoutPort(of: inner)
            return missing.isEmpty ? nil : .open(side, missing, leg.family)
        case (.take, .sip), (_, nil): return nil
        }
    }

    private mutating func deliver(
        _ inner: SessionDescription, _ generated: SessionDescription?, _ exchange: Exchange
    ) throws(NegotiationError) -> [Outcome] {
        if exchange.role == .offer {
            switch exchange.purpose {
            case .echo: return advance(try echoAnswer(to: inner), exchange.answering)
            case .path:
                guard case .sip(let phone)? = sides[exchange.answerer], let current = phone.currentDescription else { throw .wrongState }
                return advance(current, exchange.answering)
            case .parties, .forwarded, .renewal, .hold: break
            }
            let offer = try negotiate(exchange.answerer) { (leg) throws(NegotiationError) in try leg.make(.offer, inner, generated) }
            state = .offered(exchange, offer)
            return [.action(.sendOffer(exchange.answerer, offer))]
        }
        var outcomes: [Outcome] = []
        if exchange.hasAnswerForOfferer {
            let answer = try negotiate(exchange.offerer) { (leg) throws(NegotiationError) in try leg.make(.answer, inner, generated) }
            outcomes = [.action(.sendAnswer(exchange.offerer, answer))]
        }
        state = .stable
        isEstablished = true
        return outcomes + [.agreed(by: nil)]
    }

    /// Whether this offer of a browser is about its ICE path alone: the phone at the other side need not be told.
    private func changesPathOnly(_ side: SessionSide, _ offer: SessionDescription) -> Bool {
        guard case .webrtc(let leg)? = sides[side], case .sip? = sides[side.other] else { return false }
        return leg.keepsMedia(offer)
    }

    /// The answer to a phone's offer that repeats its last description. The other side gets no offer.
    private mutating func repeatAnswer(to offer: SessionDescription, of side: SessionSide) -> SessionDescription? {
        guard case .sip(var leg)? = sides[side], let answer = leg.repeatAnswer(to: offer) else { return nil }
        sides[side] = .sip(leg)
        return answer
    }

    mutating func negotiate(
        _ side: SessionSide, _ body: (inout LegNegotiation) throws(NegotiationError) -> SessionDescription
    ) throws(NegotiationError) -> SessionDescription {
        guard var leg = sides[side] else { throw .wrongState }
        let description = try body(&leg)
        sides[side] = leg
        return description
    }

    /// A candidate from the browser at `side`.
    mutating func receiveCandidate(_ received: TrickledCandidate, from side: SessionSide) -> [Outcome] {
        let action = kind.type(of: side) == .webrtc
            ? candidates.receive(received, from: side) : .refuseCandidate(.unsupported("this side of the session takes no candidates"))
        return action.map { [.action($0)] } ?? []
    }
}

extension Exchange {
    /// Whether Tern makes the offer on its own, and waits for the answer itself.
    fileprivate var isOwn: Bool {
        switch purpose {
        case .renewal, .hold: true
        case .parties, .echo, .path, .forwarded: false
        }
    }
}

extension SessionKind {
    /// The purpose of an ordinary offer.
    fileprivate var purpose: Exchange.Purpose { if case .echo = self { .echo } else { .parties } }
}

extension SessionFailure {
    /// Two offers at once, or one before the last was answered: the offerer tries again (RFC 3261, section 14.2).
    static let glare = SessionFailure.state("another offer is being answered")
    static let withdrawn = SessionFailure.refused("the offer was withdrawn")
}

/// The state of one call between a caller and whoever it dialled: a pure machine that is told what happened on the legs
/// and in the session, and says what to do.
///
/// The callee is the echo, one SIP party, or every client of a user at once; the first of them to answer has the call.
/// An event that does not fit the state is refused or ignored; none can trap.
public struct Call: Sendable {
    /// Names one of the legs that are called, for this call alone.
    public typealias Leg = Int

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// The caller called. Without an offer it wants one from the called party (late offer, RFC 3261 section 13.2.1).
        case start(offer: String?, trickle: Bool)
        /// The session has an offer for that side.
        case sessionOffers(SessionSide, String)
        /// The session has the answer for that side.
        case sessionAnswers(SessionSide, String)
        /// The session did not take that side's offer. When it was the first one, `sessionEnded` follows.
        case offerRefused(SessionSide, SessionFailure)
        /// The session did not take the answer that was last given to it; it still waits for one.
        case answerRefused(SessionFailure)
        /// The session ended by itself.
        case sessionEnded(SessionEnd)
        case ringing(Leg)
        /// A leg rings and answers already, for early media (RFC 3960).
        case progress(Leg, sdp: String)
        /// A leg takes the call; its description answers the caller's offer, or offers where the caller made none.
        /// nil stands for the one that came with `progress`.
        case accepted(Leg, sdp: String?, trickle: Bool)
        /// The caller's answer to the called party's offer, in the ACK; nil when the ACK brought none.
        case callerAnswered(sdp: String?)
        /// A leg refused, failed, or hung up.
        case calleeEnded(Leg, CallEnd)
        /// The caller cancelled, hung up or vanished.
        case callerEnded(CallEnd)
        /// The gateway ends it: a time limit, or it is about to stop.
        case terminate(CallEnd)
        /// A phone of an established call answers the endpoint's refresh with another description than before.
        case refreshed(SessionSide, sdp: String)
        /// A side of an established call wants an offer, to answer it.
        case offerWanted(SessionSide)
        /// A side of an established call wants to change the session.
        case offered(SessionSide, sdp: String, trickle: Bool)
        /// A side answers, or declines, an offer that was carried to it.
        case answered(SessionSide, sdp: String, trickle: Bool)
        case declined(SessionSide, SessionFailure)
    }

    /// What to do about it, in this order.
    public enum Action: Sendable, Equatable {
        case offerSession(SessionSide, sdp: String, trickle: Bool)
        /// That side wants an offer of the session's.
        case askSession(SessionSide)
        case refreshSession(SessionSide, sdp: String)
        case answerSession(sdp: String, trickle: Bool)
        case declineSession(SessionFailure)
        case invite(Leg, offer: String?)
        /// Tell the caller that it rings; said once.
        case ringCaller
        /// Give the caller its answer while it still rings.
        case progressCaller(String)
        /// The leg has the call. `answer` is the answer to its offer, where it made one.
        case confirmCallee(Leg, answer: String?)
        /// The called party answered: the answer to the caller's offer, or an offer where the caller made none.
        case answerCaller(String)
        /// The answer of this leg could not be carried out, and changed nothing.
        case refuse(Leg, SessionFailure)
        /// Carry an offer, or the answer to its own offer, to a side of an established call; or say that its offer is refused.
        case carryOffer(SessionSide, Leg?, String)
        case carryAnswer(SessionSide, Leg?, String)
        case refuseOffer(SessionSide, Leg?, SessionFailure)
        /// Final response, or hang-up, for a caller that has not been answered, or has.
        case rejectCaller(CallEnd)
        case hangUpCaller(CallEnd)
        case endCallee(Leg, CallEnd)
        case startTimer(Limit)
        case stopTimer(Limit)
        case stopSession(CallEnd)
        /// The call is over; nothing follows.
        case ended(CallEnd)
    }

    /// A time limit of a call.
    public enum Limit: Sendable, Hashable {
        /// How long it may ring.
        case ringing
        /// How long it may last.
        case duration
    }

    /// Whoever is being called, and has neither answered nor gone.
    struct Invited: Sendable, Equatable {
        var waiting: Set<Leg>
        var callerRings = false
        var early: Early?
        /// The most telling of the refusals so far.
        var refusal: CallEnd?
    }

    /// An answer that came while it rings.
    struct Early: Sendable, Equatable {
        let leg: Leg
        /// As the leg sent it.
        let sdp: String
        /// What the session made of it for the caller; nil while it is on its way.
        var answer: String?
        /// The leg took the call before that: its final description.
        var acceptedMeanwhile: Accepted?
    }

    struct Accepted: Sendable, Equatable {
        let sdp: String?
        let trickle: Bool
    }

    enum State: Sendable, Equatable {
        case new
        case preparing
        case inviting(Invited)
        /// This leg's description is on its way through the session; the others still ring.
        case connecting(Leg, Invited)
        /// The caller has the called party's offer, and has not answered it.
        case completing(Leg)
        /// `Leg` is nil for the echo.
        case established(Leg?)
        case ended
    }

    public let id: String
    /// Whether the gateway itself is the called party.
    public let isEcho: Bool
    /// The legs that are called.
    public let legs: [Leg]
    var state = State.new
    /// The answer to an offer that we made on behalf of the called party goes nowhere.
    var answerIsForNobody = false
    /// The side that waits for an offer that it asked for.
    var asking: SessionSide?

    public init(id: String, echo: Bool, legs: [Leg]) {
        self.id = id
        self.isEcho = echo
        self.legs = legs
    }

    public var isEstablished: Bool { if case .established = state { true } else { false } }
    public var isEnded: Bool { state == .ended }
    /// Whether the caller made no offer, so that the called party is to make it.
    public private(set) var wantsOffer = false

    /// Takes one event.
    public mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .start(let offer, let trickle): return start(offer: offer, trickle: trickle)
        case .ringing(let leg): return ring(leg)
        case .progress(let leg, let sdp): return progress(leg, sdp)
        case .accepted(let leg, let sdp, let trickle): return accept(leg, Accepted(sdp: sdp, trickle: trickle))
        case .callerAnswered(let sdp): return callerAnswered(sdp)
        case .sessionOffers(let side, let sdp): return sessionOffers(side, sdp)
        case .sessionAnswers(let side, let sdp): return sessionAnswers(side, sdp)
        case .offerRefused(let side, let failure): return offerRefused(side, failure)
        case .answerRefused(let failure): return answerRefused(failure)
        case .offerWanted(let side): return offerWanted(side)
        case .refreshed(let side, let sdp): return isEstablished ? [.refreshSession(side, sdp: sdp)] : []
        case .offered(let side, let sdp, let trickle): return offered(side, sdp, trickle: trickle)
        case .answered(let side, let sdp, let trickle): return answered(side, sdp, trickle: trickle)
        case .declined(let side, let failure): return declined(side, failure)
        case .calleeEnded(let leg, let end): return lose(leg, end)
        case .callerEnded(let end), .terminate(let end): return finish(end)
        case .sessionEnded(let end): return finish(CallEnd(end))
        }
    }

    private mutating func start(offer: String?, trickle: Bool) -> [Action] {
        guard state == .new else { return [] }
        guard isEcho || !legs.isEmpty else { return finish(.notReachable) }
        guard let offer else {
            wantsOffer = true
            if isEcho {
                state = .preparing
                return [.askSession(.caller)]
            }
            state = .inviting(Invited(waiting: Set(legs)))
            return [.startTimer(.ringing)] + legs.map { .invite($0, offer: nil) }
        }
        state = .preparing
        return [.offerSession(.caller, sdp: offer, trickle: trickle)]
    }

    // MARK: While it rings

    private mutating func ring(_ leg: Leg) -> [Action] {
        guard case .inviting(var invited) = state, invited.waiting.contains(leg), !invited.callerRings else { return [] }
        invited.callerRings = true
        state = .inviting(invited)
        return [.ringCaller]
    }

    /// Early media is for a call that rings one party: with several, nobody knows yet whose it should be.
    private mutating func progress(_ leg: Leg, _ sdp: String) -> [Action] {
        guard case .inviting(var invited) = state, legs == [leg], invited.early == nil, !wantsOffer else {
            return ring(leg)
        }
        invited.early = Early(leg: leg, sdp: sdp)
        state = .inviting(invited)
        return [.answerSession(sdp: sdp, trickle: false)]
    }

    private mutating func accept(_ leg: Leg, _ accepted: Accepted) -> [Action] {
        switch state {
        case .ended:
            return [.refuse(leg, .state("the call has ended"))]
        case .inviting(var invited) where invited.waiting.contains(leg):
            if var early = invited.early {
                guard early.answer == nil else { return establish(early, accepted) }
                early.acceptedMeanwhile = accepted
                invited.early = early
                state = .inviting(invited)
                return []
            }
            guard let sdp = accepted.sdp else { return [.refuse(leg, .refused("the answer has no SDP"))] }
            state = .connecting(leg, invited)
            return wantsOffer
                ? [.offerSession(.callee, sdp: sdp, trickle: accepted.trickle)]
                : [.answerSession(sdp: sdp, trickle: accepted.trickle)]
        case .inviting:
            return [.refuse(leg, .state("this party is not being called any more"))]
        default:
            return [.refuse(leg, .state("the call has been answered before"))]
        }
    }

    /// The leg whose early answer the caller has takes the call. When its final description is another one, the session is
    /// changed to that as soon as it is established.
    private mutating func establish(_ early: Early, _ accepted: Accepted) -> [Action] {
        guard let answer = early.answer else { return [] }
        let actions = connected(early.leg, answer: answer, others: [])
        guard let sdp = accepted.sdp, sdp != early.sdp else { return actions }
        answerIsForNobody = true
        return actions + [.offerSession(.callee, sdp: sdp, trickle: accepted.trickle)]
    }

    private mutating func connected(_ leg: Leg, answer: String, others: Set<Leg>) -> [Action] {
        state = .established(leg)
        return [.stopTimer(.ringing), .confirmCallee(leg, answer: nil), .answerCaller(answer)]
            + others.sorted().map { .endCallee($0, .answeredElsewhere) } + [.startTimer(.duration)]
    }

    // MARK: What the session says

    private mutating func sessionOffers(_ side: SessionSide, _ sdp: String) -> [Action] {
        switch (state, side) {
        case (.preparing, .caller) where isEcho:
            state = .established(nil)
            return [.answerCaller(sdp), .startTimer(.duration)]
        case (.preparing, .callee):
            state = .inviting(Invited(waiting: Set(legs)))
            return [.startTimer(.ringing)] + legs.map { .invite($0, offer: sdp) }
        case (.connecting(let leg, let invited), .caller):
            state = .completing(leg)
            let others = invited.waiting.subtracting([leg]).sorted()
            return [.stopTimer(.ringing), .answerCaller(sdp)] + others.map { .endCallee($0, .answeredElsewhere) }
        case (.established(let leg), _) where asking == side:
            asking = nil
            return [.carryAnswer(side, side == .callee ? leg : nil, sdp)]
        case (.established(let leg), _):
            return [.carryOffer(side, side == .callee ? leg : nil, sdp)]
        default:
            return []
        }
    }

    private mutating func sessionAnswers(_ side: SessionSide, _ sdp: String) -> [Action] {
        switch (state, side) {
        case (.preparing, .caller) where isEcho:
            state = .established(nil)
            return [.answerCaller(sdp), .startTimer(.duration)]
        case (.inviting(var invited), .caller):
            guard var early = invited.early else { return [] }
            early.answer = sdp
            if let accepted = early.acceptedMeanwhile { return establish(early, accepted) }
            invited.early = early
            invited.callerRings = true
            state = .inviting(invited)
            return [.progressCaller(sdp)]
        case (.connecting(let leg, let invited), .caller):
            return connected(leg, answer: sdp, others: invited.waiting.subtracting([leg]))
        case (.completing(let leg), .callee):
            state = .established(leg)
            return [.confirmCallee(leg, answer: sdp), .startTimer(.duration)]
        case (.established(let leg), _):
            if side == .callee, answerIsForNobody {
                answerIsForNobody = false
                return []
            }
            return [.carryAnswer(side, side == .callee ? leg : nil, sdp)]
        default:
            return []
        }
    }

    private mutating func offerRefused(_ side: SessionSide, _ failure: SessionFailure) -> [Action] {
        switch state {
        case .established(let leg):
            if asking == side {
                asking = nil
            } else if side == .callee, answerIsForNobody {
                answerIsForNobody = false
                return []
            }
            return [.refuseOffer(side, side == .callee ? leg : nil, failure)]
        case .connecting(let leg, _):
            return [.refuse(leg, failure)] + finish(.failed(failure))
        default:
            return finish(.failed(failure))
        }
    }

    private mutating func answerRefused(_ failure: SessionFailure) -> [Action] {
        switch state {
        case .inviting(var invited):
            let early = invited.early
            invited.early = nil
            state = .inviting(invited)
            guard let early, let accepted = early.acceptedMeanwhile else { return [] }
            return accept(early.leg, accepted)
        case .connecting(let leg, let invited):
            state = .inviting(invited)
            return [.refuse(leg, failure)]
        case .completing: return finish(.failed(failure))
        case .established: return [.declineSession(failure)]
        default: return []
        }
    }

    private mutating func callerAnswered(_ sdp: String?) -> [Action] {
        guard case .completing = state else { return [] }
        guard let sdp else { return finish(CallEnd(status: 488, reason: "The ACK brought no answer", by: .gateway)) }
        return [.answerSession(sdp: sdp, trickle: false)]
    }
}

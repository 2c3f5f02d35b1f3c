/// The state of one call between a caller and whoever it dialled: a pure machine that is told what happened on the legs
/// and in the session, and says what to do.
///
/// The callee is the echo, one SIP party, or every client of a user at once; the first of them to answer has the call.
/// An event that does not fit the state is answered with ``Action/refuse(_:_:)`` or ignored; none can trap.
public struct Call: Sendable {
    /// Names one of the legs that are called, for this call alone.
    public typealias Leg = Int

    /// What happened.
    public enum Event: Sendable, Equatable {
        case start(offer: String, trickle: Bool)
        /// The session has an offer for the called party.
        case sessionOffers(String)
        /// The session has the answer for the caller.
        case sessionAnswers(String)
        /// The session could not be started, or cannot go on.
        case sessionFailed(SessionFailure)
        /// The session did not take the answer that was last given to it; it still waits for one.
        case answerRefused(SessionFailure)
        /// The session ended by itself: the media path broke.
        case sessionEnded(SessionEnd)
        case ringing(Leg)
        case accepted(Leg, sdp: String, trickle: Bool)
        /// A leg refused, failed, or hung up.
        case calleeEnded(Leg, CallEnd)
        /// The caller cancelled, hung up or vanished.
        case callerEnded(CallEnd)
        /// The gateway ends it: a time limit, or it is about to stop.
        case terminate(CallEnd)
    }

    /// What to do about it, in this order.
    public enum Action: Sendable, Equatable {
        case startSession(offer: String, trickle: Bool)
        case invite(Leg, offer: String)
        /// Tell the caller that it rings; said once.
        case ringCaller
        case answerSession(sdp: String, trickle: Bool)
        /// The leg's answer stands: it has the call.
        case confirmCallee(Leg)
        case answerCaller(String)
        /// The event of this leg could not be carried out, and changed nothing.
        case refuse(Leg, SessionFailure)
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
        /// The most telling of the refusals so far.
        var refusal: CallEnd?
    }

    enum State: Sendable, Equatable {
        case new
        case preparing
        case inviting(Invited)
        /// This leg's answer is on its way through the session; the others still ring.
        case connecting(Leg, Invited)
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

    public init(id: String, echo: Bool, legs: [Leg]) {
        self.id = id
        self.isEcho = echo
        self.legs = legs
    }

    public var isEstablished: Bool { if case .established = state { true } else { false } }
    public var isEnded: Bool { state == .ended }

    /// Takes one event.
    public mutating func handle(_ event: Event) -> [Action] {
        switch (state, event) {
        case (.ended, .accepted(let leg, _, _)):
            return [.refuse(leg, .state("the call has ended"))]
        case (.ended, _):
            return []
        case (.new, .start(let offer, let trickle)):
            guard isEcho || !legs.isEmpty else { return finish(.notReachable) }
            state = .preparing
            return [.startSession(offer: offer, trickle: trickle)]
        case (_, .callerEnded(let end)), (_, .terminate(let end)):
            return finish(end)
        case (_, .sessionFailed(let failure)):
            return finish(.failed(failure))
        case (_, .sessionEnded(let end)):
            return finish(CallEnd(status: end.code, reason: end.reason, by: .gateway))
        case (.preparing, .sessionOffers(let offer)):
            state = .inviting(Invited(waiting: Set(legs)))
            return [.startTimer(.ringing)] + legs.map { .invite($0, offer: offer) }
        case (.preparing, .sessionAnswers(let answer)) where isEcho:
            state = .established(nil)
            return [.answerCaller(answer), .startTimer(.duration)]
        case (.inviting(let invited), .ringing(let leg)):
            return ring(leg, invited)
        case (.inviting(let invited), .accepted(let leg, let sdp, let trickle)):
            return accept(leg, sdp: sdp, trickle: trickle, invited)
        case (_, .accepted(let leg, _, _)):
            return [.refuse(leg, .state("the call has been answered before"))]
        case (.connecting(let leg, let invited), .sessionAnswers(let answer)):
            state = .established(leg)
            let others = invited.waiting.subtracting([leg]).sorted()
            return [.stopTimer(.ringing), .confirmCallee(leg), .answerCaller(answer)]
                + others.map { .endCallee($0, .answeredElsewhere) } + [.startTimer(.duration)]
        case (.connecting(let leg, let invited), .answerRefused(let failure)):
            state = .inviting(invited)
            return [.refuse(leg, failure)]
        case (.inviting(let invited), .calleeEnded(let leg, let end)):
            return lose(leg, end, invited)
        case (.connecting(let chosen, var invited), .calleeEnded(let leg, let end)):
            if leg == chosen { return finish(end) }
            invited.waiting.remove(leg)
            state = .connecting(chosen, invited)
            return []
        case (.established(let chosen), .calleeEnded(let leg, let end)):
            return leg == chosen ? finish(end) : []
        default:
            return []
        }
    }

    private mutating func ring(_ leg: Leg, _ invited: Invited) -> [Action] {
        guard invited.waiting.contains(leg), !invited.callerRings else { return [] }
        var invited = invited
        invited.callerRings = true
        state = .inviting(invited)
        return [.ringCaller]
    }

    private mutating func accept(_ leg: Leg, sdp: String, trickle: Bool, _ invited: Invited) -> [Action] {
        guard invited.waiting.contains(leg) else {
            return [.refuse(leg, .state("this party is not being called any more"))]
        }
        state = .connecting(leg, invited)
        return [.answerSession(sdp: sdp, trickle: trickle)]
    }

    /// One of the called is gone. A 6xx speaks for all of them (RFC 3261 section 16.7); else the last one to go decides.
    private mutating func lose(_ leg: Leg, _ end: CallEnd, _ invited: Invited) -> [Action] {
        guard invited.waiting.contains(leg) else { return [] }
        var invited = invited
        invited.waiting.remove(leg)
        invited.refusal = Call.moreTelling(invited.refusal, end)
        state = .inviting(invited)
        guard end.status >= 600 || invited.waiting.isEmpty else { return [] }
        return finish(end.status >= 600 ? end : invited.refusal ?? end)
    }

    /// The response that a forking proxy would choose: the lowest class, and "busy" before "not there".
    private static func moreTelling(_ first: CallEnd?, _ second: CallEnd) -> CallEnd {
        guard let first else { return second }
        if first.status / 100 != second.status / 100 { return first.status < second.status ? first : second }
        return first.status == 480 || first.status == 408 ? second : first
    }

    private mutating func finish(_ end: CallEnd) -> [Action] {
        var actions: [Action]
        switch state {
        case .new, .ended:
            actions = [.rejectCaller(end)]
        case .preparing:
            actions = [.rejectCaller(end), .stopSession(end)]
        case .inviting(let invited):
            actions = [.stopTimer(.ringing), .rejectCaller(end)]
                + invited.waiting.sorted().map { .endCallee($0, end) } + [.stopSession(end)]
        case .connecting(_, let invited):
            actions = [.stopTimer(.ringing), .rejectCaller(end)]
                + invited.waiting.sorted().map { .endCallee($0, end) } + [.stopSession(end)]
        case .established(let leg):
            actions = [.stopTimer(.duration), .hangUpCaller(end)]
                + (leg.map { [.endCallee($0, end)] } ?? []) + [.stopSession(end)]
        }
        state = .ended
        actions.append(.ended(end))
        return actions
    }
}

public import SDP

/// The state of one call between a caller and whoever it dialled: a pure machine that is told what happened on the legs
/// and in the session, and says what to do.
///
/// What is called comes in stages: the echo, or parties that ring at once, of which the first to answer has the call. When
/// all of a stage have failed, the next one is tried; when a person declined, none is.
///
/// Phones and browsers that ring at once want media of different kinds, so the caller's offer goes to a session for each kind:
/// a branch. The branch of whoever answers carries the call, and the others are dropped.
///
/// An event that does not fit the state is refused or ignored; none can trap.
public struct Call: Sendable {
    /// Names one of the legs that are called, for this call alone.
    public typealias Leg = Int
    /// Names one of the sessions that may carry the call, for this call alone.
    public typealias Branch = Int

    /// One of those that are called.
    public struct Party: Sendable, Equatable {
        public let leg: Leg
        /// The session that has the party's media, if it is the one to answer.
        public let branch: Branch

        public init(_ leg: Leg, branch: Branch = 1) {
            self.leg = leg
            self.branch = branch
        }
    }

    /// One step of what is tried for the caller.
    public enum Stage: Sendable, Equatable {
        /// All of them ring at once.
        case parties([Party])
        /// The gateway itself answers.
        case echo(Branch = 1)
        /// The caller is refused.
        case reject(CallEnd)
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// The caller called. Without an offer it wants one from the called party (late offer, RFC 3261 section 13.2.1).
        case start(offer: RemoteDescription?)
        /// The session has an offer for that side.
        case sessionOffers(SessionSide, SessionDescription, branch: Branch = 1)
        /// The session has the answer for that side.
        case sessionAnswers(SessionSide, SessionDescription, branch: Branch = 1)
        /// The session did not take that side's offer. When it was the first one, `sessionEnded` follows.
        case offerRefused(SessionSide, SessionFailure, branch: Branch = 1)
        /// The session did not take the answer that was last given to it; it still waits for one.
        case answerRefused(SessionFailure, branch: Branch = 1)
        /// The session ended by itself.
        case sessionEnded(SessionEnd, branch: Branch = 1)
        case ringing(Leg)
        /// A leg rings and answers already, for early media (RFC 3960).
        case progress(Leg, RemoteDescription)
        /// A leg takes the call; its description answers the caller's offer, or offers where the caller made none.
        /// nil stands for the one that came with `progress`.
        case accepted(Leg, RemoteDescription?)
        /// The caller's answer to the called party's offer, in the ACK; nil when the ACK brought none.
        case callerAnswered(RemoteDescription?)
        /// A leg that rings has others ring in its place; the end is for where that cannot be.
        case redirected(Leg, to: [Party], CallEnd)
        /// A leg refused, failed, or hung up.
        case calleeEnded(Leg, CallEnd)
        /// Another client refuses for these ringing legs; each leg is told.
        case dismissed([Leg], CallEnd)
        /// The caller cancelled, hung up or vanished.
        case callerEnded(CallEnd)
        /// Nobody of this stage answered in time.
        case ringingOver
        /// The gateway ends it: a time limit, or it is about to stop.
        case terminate(CallEnd)
        /// The party at that side of an established call goes on in another one; the other side is told this end.
        case handedOver(SessionSide, CallEnd)
        /// A party does something about further offers and answers: in an established call, or after early media. The leg is the called party's.
        case party(SessionSide, PartyEvent, Leg? = nil)
    }

    /// What to do about it, in this order.
    public enum Action: Sendable, Equatable {
        /// Tell a session what that side of it has done.
        case tellSession(SessionSide, PartyEvent, branch: Branch = 1)
        case invite(Leg, offer: SessionDescription?)
        /// Tell the caller that it rings; said once.
        case ringCaller
        /// Give the caller its answer while it still rings.
        case progressCaller(SessionDescription)
        /// What became of the leg's early answer; the leg rings in any case.
        case progressDone(Leg, SessionFailure?)
        /// The leg has the call. `answer` is the answer to its offer, where it made one.
        case confirmCallee(Leg, answer: SessionDescription?)
        /// The called party answered: the answer to the caller's offer, or an offer where the caller made none.
        case answerCaller(SessionDescription)
        /// The answer of this leg could not be carried out, and changed nothing.
        case refuse(Leg, SessionFailure)
        /// Send an offer, or the answer to its own offer, to a side of an established call; or refuse its offer.
        case sendOffer(SessionSide, Leg?, SessionDescription)
        case sendAnswer(SessionSide, Leg?, SessionDescription)
        case refuseOffer(SessionSide, Leg?, SessionFailure)
        /// Final response, or hang-up, for a caller that has not been answered, or has.
        case rejectCaller(CallEnd)
        case hangUpCaller(CallEnd)
        case endCallee(Leg, CallEnd)
        case startTimer(Limit)
        case stopTimer(Limit)
        /// This session carries the call; the others are of no use any more.
        case settle(Branch)
        /// Stops whatever sessions there are.
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

    /// Whoever is being called in a stage.
    struct Invited: Sendable, Equatable {
        var parties: [Party]
        /// The branches whose offer has not come yet.
        var preparing: Set<Branch>
        /// Who has neither answered nor gone.
        var waiting: Set<Leg> = []
        var early: Early?

        /// Whether the time limit runs.
        var rings = false
        /// Whether somebody may still answer.
        var isOpen: Bool { !waiting.isEmpty || !preparing.isEmpty }

        func legs(of branch: Branch) -> [Leg] { parties.filter { $0.branch == branch }.map(\.leg) }
    }

    /// An answer that came while it rings.
    struct Early: Sendable, Equatable {
        /// What a leg accepts the call with: its final description, or none besides the early one.
        struct Acceptance: Sendable, Equatable {
            let answer: RemoteDescription?
        }

        let leg: Leg
        /// As the leg sent it.
        let description: RemoteDescription
        /// What the session made of it for the caller; nil while it is on its way.
        var answer: SessionDescription?
        /// The leg took the call before that.
        var acceptance: Acceptance?
        /// The side whose further offer the session has.
        var offerer: SessionSide?
    }

    enum State: Sendable, Equatable {
        case new
        /// The echo's answer is awaited.
        case preparing(Branch)
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
    public let stages: [Stage]
    var state = State.new
    /// How many stages have been begun.
    var begun = 0
    /// The caller's offer: each branch gets it when its stage has come.
    var callerOffer: RemoteDescription?
    /// Whether the caller made no offer, so that the called party is to make it.
    public internal(set) var wantsOffer = false
    /// What each branch made of the caller's offer for those that are called.
    var offers: [Branch: SessionDescription] = [:]
    /// Branches whose session could not do it.
    var failed: Set<Branch> = []
    /// Whether the caller was told that it rings.
    var callerRings = false
    /// The most telling of the refusals so far.
    public internal(set) var refusal: CallEnd?
    /// The branch that carries the call, once it is clear which.
    var settled: Branch?
    /// The answer to an offer that we made on behalf of the called party goes nowhere.
    var answerIsForNobody = false
    /// The side that waits for an offer that it asked for.
    var asking: SessionSide?
    /// Who came to it by redirections.
    var joined: [Party] = []
    /// Whether the caller hears what comes before the answer; one who is in another call meanwhile does not.
    let takesEarlyMedia: Bool

    public init(id: String, stages: [Stage], takesEarlyMedia: Bool = true) {
        self.id = id
        self.stages = stages
        self.takesEarlyMedia = takesEarlyMedia
    }

    public var isEstablished: Bool { if case .established = state { true } else { false } }
    /// The leg that has the call; nil for the echo, and before the answer.
    public var answerer: Leg? { if case .established(let leg) = state { leg } else { nil } }
    public var isEnded: Bool { state == .ended }
    /// The leg that has taken the call, from its answer on; `answerer` once both sides know.
    public var taker: Leg? {
        switch state {
        case .connecting(let leg, _), .completing(let leg): leg
        case .established(let leg): leg
        case .new, .preparing, .inviting, .ended: nil
        }
    }
    /// The legs that ring, or answer at this moment.
    public var ringing: Set<Leg> {
        switch state {
        case .inviting(let invited), .connecting(_, let invited): invited.waiting
        case .new, .preparing, .completing, .established, .ended: []
        }
    }
    /// The leg whose media the session has: that of the taker, or of the only one that rings and sends early media.
    public var mediaLeg: Leg? {
        if case .inviting(let invited) = state { return invited.early?.leg }
        return taker
    }

    /// Takes one event.
    public mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .start(let offer): return start(offer: offer)
        case .ringing(let leg): return ring(leg)
        case .progress(let leg, let answer): return progress(leg, answer)
        case .accepted(let leg, let description): return accept(leg, description)
        case .callerAnswered(let answer): return callerAnswered(answer)
        case .sessionOffers(let side, let offer, let branch): return sessionOffers(side, offer, branch)
        case .sessionAnswers(let side, let answer, let branch): return sessionAnswers(side, answer, branch)
        case .offerRefused(let side, let failure, let branch): return offerRefused(side, failure, branch)
        case .answerRefused(let failure, let branch): return answerRefused(failure, branch)
        case .party(let side, let event, let leg): return party(side, event, leg)
        case .calleeEnded(let leg, let end): return lose(leg, end)
        case .dismissed(let legs, let end): return dismiss(legs, end)
        case .redirected(let leg, let parties, let end): return redirected(leg, to: parties, end)
        case .ringingOver: return ringingOver()
        case .handedOver(let side, let end): return handOver(side, end)
        case .callerEnded(let end), .terminate(let end): return finish(end)
        case .sessionEnded(let end, let branch): return sessionEnded(CallEnd(end), branch)
        }
    }

    /// The session of a leg.
    func branch(of leg: Leg) -> Branch? {
        if let party = joined.first(where: { $0.leg == leg }) { return party.branch }
        for case .parties(let parties) in stages {
            if let party = parties.first(where: { $0.leg == leg }) { return party.branch }
        }
        return nil
    }

    /// The branch that carries an established call.
    var carrying: Branch { settled ?? 1 }
}

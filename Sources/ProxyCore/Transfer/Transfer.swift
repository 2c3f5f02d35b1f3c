public import SDP

/// The state of one transfer: a party of a call, or one of each of two calls, goes on in a new call, and the transferor leaves (RFC 5589).
///
/// A pure machine, as ``Call`` is: it is told what happened in the former calls, in the new call and on the transferees' legs, and says what to do.
/// The former calls stand until the new call is answered and its transferees have the new session. When the transfer fails, each transferee
/// returns to its former call; a transferee whose former call is over by then is hung up.
///
/// A transferee is named by its side in the new call. An event that does not fit the state is ignored; none can trap.
public struct Transfer: Sendable {
    /// How a transferee gets a new session.
    public enum Kind: Sendable, Equatable {
        /// A phone changes its one dialog: an offer moves it, and another one returns it.
        case phone
        /// A browser makes another connection, and keeps the former one meanwhile.
        case browser
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        case start
        /// The transferee has made an offer for the new session.
        case offered(SessionSide, RemoteDescription)
        /// The new call has an offer, or the answer to the transferee's offer.
        case described(SessionSide, SessionDescription)
        /// The new call wants an offer of the transferee.
        case offerWanted(SessionSide)
        /// The phone's dialog has another offer under way: the one that was to be made has not been made.
        case busy(SessionSide)
        /// The wait for the dialog is over.
        case waited(SessionSide)
        /// The transferee has accepted the offer that it had; a phone perhaps without a session description.
        case accepted(SessionSide, RemoteDescription?)
        /// The transferee has refused it, or has made no offer.
        case rejected(SessionSide, CallEnd)
        /// The transferee has hung up.
        case left(SessionSide, CallEnd)
        /// The other party of the transferee's former call has hung up.
        case transferorLeft(SessionSide, CallEnd)
        /// The transferee's former call is over.
        case formerEnded(SessionSide, CallEnd)
        /// The new call rings.
        case ringing
        /// The caller of the new call, who is no transferee, has its answer.
        case callAnswered
        /// The new call is over, or cannot be made.
        case callEnded(CallEnd)
    }

    /// What to do about it, in this order.
    public enum Action: Sendable, Equatable {
        /// Tell the transferor. The last report is a final one, and there is one.
        case report(Report)
        /// Ask the transferee for an offer for the new session.
        case askOffer(SessionSide)
        /// Make the new call, and leave it unstarted.
        case makeCall
        /// Start the new call with the caller's offer; nil for that of a caller who is no transferee.
        case startCall(RemoteDescription?)
        /// Offer the new session to the transferee.
        case offer(SessionSide, SessionDescription)
        /// Give the browser the answer to its offer.
        case answer(SessionSide, SessionDescription)
        /// Say `waited` soon.
        case wait(SessionSide)
        /// The new call has this description of its called party, which has accepted.
        case acceptCall(RemoteDescription)
        /// The phone's answer, for the session of the new call.
        case refreshCall(SessionSide, RemoteDescription)
        /// The transferee has the new session.
        case arrive(SessionSide)
        /// Events of the transferee's leg are for the new call from now on, or for its former call again.
        case follow(SessionSide)
        case followFormer(SessionSide)
        /// Offer the former session to the phone again.
        case offerFormer(SessionSide)
        /// The phone is back in its former session, with this answer to that offer.
        case returned(SessionSide, answer: RemoteDescription?)
        /// Take the transferee out of its former call, whose other party gets this end.
        case leaveFormer(SessionSide, CallEnd)
        /// End the former call as if there were no transfer.
        case endFormer(SessionSide, CallEnd)
        /// The transferee's last: it stays in the new call, stays in its former call, is to be hung up, or has hung up.
        case settle(SessionSide)
        case stayInFormer(SessionSide)
        case hangUp(SessionSide, CallEnd)
        case forget(SessionSide)
        /// The recordings of the former calls go on in the new one.
        case continueRecordings
        case endCall(CallEnd)
        /// Nothing follows.
        case over
    }

    /// What the transferor is told.
    public enum Report: Sendable, Equatable {
        case ringing
        case succeeded
        case failed(CallEnd)

        /// Whether no other report follows.
        public var isFinal: Bool { self != .ringing }
    }

    /// Where a transferee is.
    enum Phase: Sendable, Equatable {
        /// In its former session.
        case former
        /// In its former session, and asked for an offer for the new one.
        case asked
        /// In its former session, whose other offer comes before this one.
        case waiting(SessionDescription, attempt: Int)
        /// It has been offered the new session.
        case offered(SessionDescription, attempt: Int)
        /// In the new session, which may still fail.
        case arrived
        /// The transfer has failed while an offer to the phone has no answer, which comes first; `hasArrived`: the offer is one of the new session's.
        case turning(hasArrived: Bool)
        /// It has been offered its former session again.
        case returning
        /// In the new call, in the former call, or in none, for good.
        case settled
        case stayed
        case gone

        var isLast: Bool { self == .settled || self == .stayed || self == .gone }
    }

    struct Transferee: Sendable, Equatable {
        let kind: Kind
        var phase = Phase.former
        /// Whether its former call is over: then it ends with the new one.
        var isAlone = false
        /// Whether it has made an offer, so that a description is the answer.
        var hasOffered = false
    }

    enum State: Sendable, Equatable {
        case new
        /// The caller's offer is awaited.
        case preparing
        /// There is a new call.
        case calling
        case succeeded
        /// Transferees may still be on their way back.
        case failed
        case over
    }

    /// How often a phone's dialog may be busy before the transfer fails.
    static let maximumAttempts = 40

    var state = State.new
    var transferees: [SessionSide: Transferee]
    private var hasRung = false

    /// - Parameter transferees: By their side in the new call.
    public init(_ transferees: [SessionSide: Kind]) {
        self.transferees = transferees.mapValues { Transferee(kind: $0) }
    }

    /// Whether there has been no final report.
    public var isUnderWay: Bool { state == .new || state == .preparing || state == .calling }
    public var isOver: Bool { state == .over }

    /// Whether the transferee's former call is over.
    public func isAlone(_ side: SessionSide) -> Bool { transferees[side]?.isAlone ?? false }

    /// Whether an offer to the phone awaits an answer that is for the transfer.
    public func isOffering(_ side: SessionSide) -> Bool {
        switch transferees[side]?.phase {
        case .offered, .turning, .returning: true
        default: false
        }
    }

    /// Whether the offer that awaits an answer is of no use any more.
    public func isTurning(_ side: SessionSide) -> Bool {
        if case .turning = transferees[side]?.phase { true } else { false }
    }

    /// Whether the phone is between two sessions, neither of which can take an offer of its.
    public func isBetween(_ side: SessionSide) -> Bool { isOffering(side) || transferees[side]?.phase == .arrived }

    /// Takes one event.
    public mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .start: return start()
        case .offered(let side, let offer): return offered(side, offer)
        case .described(let side, let description): return described(side, description)
        case .offerWanted(let side): return offerWanted(side)
        case .busy(let side): return busy(side)
        case .waited(let side):
            guard case .waiting(let description, let attempt)? = transferees[side]?.phase else { return [] }
            return offer(side, description, attempt: attempt)
        case .accepted(let side, let answer): return accepted(side, answer)
        case .rejected(let side, let end): return rejected(side, end)
        case .left(let side, let end): return left(side, end)
        case .transferorLeft(let side, let end): return transferorLeft(side, end)
        case .formerEnded(let side, let end): return formerEnded(side, end)
        case .ringing:
            guard state == .calling, !hasRung else { return [] }
            hasRung = true
            return [.report(.ringing)]
        case .callAnswered: return callAnswered()
        case .callEnded(let end): return fail(end)
        }
    }
}

extension CallEnd {
    /// The transferee has hung up.
    static let transfereeGone = CallEnd(status: 487, reason: "The other side has hung up", by: .gateway)
    /// Nothing is known of a phone's media that could be its offer for another session.
    public static let nothingKnown = CallEnd(status: 500, reason: "Nothing is known of the phone's media", by: .gateway)
}

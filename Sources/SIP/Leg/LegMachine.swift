/// The behaviour of one leg, without sockets or clocks: an input changes the state and gives what is to be done.
///
/// Inputs that make no sense in a state change nothing: commands and messages cross on the wire.
struct LegMachine: Equatable {
    let id: SIPLegID
    var state: LegState
    /// What the caller said of reliable responses.
    var provisionals = ReliableProvisionals.never
    /// The transfer that the peer has asked for; nil when there is none under way.
    var referral: Referral?
    /// How many REFERs there were.
    var referrals = 0

    /// A leg whose INVITE came from the peer.
    static func called(_ id: SIPLegID, sdp: String?, provisionals: ReliableProvisionals = .never) -> LegMachine {
        LegMachine(id: id, state: .offered(remote: sdp), provisionals: provisionals)
    }

    /// A leg whose INVITE is about to go out.
    static func calling(_ id: SIPLegID, sdp: String?) -> LegMachine {
        LegMachine(id: id, state: .calling(local: sdp, ringing: false, forks: LegState.Forks()))
    }

    /// Whether our INVITE has no final response yet.
    var isCalling: Bool { if case .calling = state { true } else { false } }

    /// Changes the state by `input`.
    mutating func handle(_ input: LegInput) -> [LegAction] {
        guard state != .gone else { return [] }
        if let actions = transferring(input) { return actions }
        switch state {
        case .offered(let remote): return undecided(remote: remote, nil, input)
        case .ringing(let remote, let early): return undecided(remote: remote, early, input)
        case .answering(let answer): return answering(answer, input)
        case .answered(let answer): return answered(answer, input)
        case .leavingOnceAcknowledged(let reason): return leaving(reason, input)
        case .calling(let local, let ringing, let forks):
            return calling(local: local, ringing: ringing, forks: forks, input)
        case .acknowledging(let remote): return acknowledging(remote: remote, input)
        case .cancelling: return cancelling(input)
        case .established(let descriptions, let exchange): return established(descriptions, exchange, input)
        case .ending: return ending(input)
        case .gone: return []
        }
    }

    /// Goes to `next` and returns `actions`.
    mutating func go(_ next: LegState, _ actions: LegAction...) -> [LegAction] {
        state = next
        return actions
    }

    /// Ends without anything left to send.
    mutating func close(_ end: SIPEnd?, after actions: LegAction...) -> [LegAction] {
        state = .gone
        let report = end.map { [LegAction.report(.ended(id, $0))] } ?? []
        return actions + report + [.close]
    }

    /// BYE, and the wait for its answer. `end` is reported now: the call is over for the core.
    mutating func hangUp(_ reason: SIPReason?, reporting end: SIPEnd?, after actions: LegAction...) -> [LegAction] {
        let notify = abandonReferral()
        state = .ending
        let report = end.map { [LegAction.report(.ended(id, $0))] } ?? []
        return actions + notify + [.bye(reason)] + report + [.wait(.transaction)]
    }
}

/// What can happen to a leg: a command of the core, a message of the peer, a verdict of the stack, a timer.
enum LegInput: Equatable {
    // The core.
    case ring(status: Int, sdp: String?)
    case answer(sdp: String)
    case reject(SIPResponse)
    case acknowledge(sdp: String)
    case end(status: Int, reason: SIPReason?)
    case offer(sdp: String?)
    case acceptOffer(sdp: String?)
    case rejectOffer(SIPResponse)
    case sendInfo(SIPInfo)
    case acceptTransfer
    case refuseTransfer(SIPResponse)
    case reportTransfer(status: Int, phrase: String?)
    case stop

    // The peer.
    /// `fork` is the tag of the To header; `isReliable` says that a PRACK has been sent.
    case provisional(status: Int, phrase: String, sdp: String?, fork: String = "", isReliable: Bool = false)
    case success(sdp: String?, fork: String = "")
    case failure(status: Int, phrase: String, reason: SIPReason?)
    case redirected(status: Int, phrase: String, contacts: [String])
    case acknowledged(sdp: String?)
    case cancelled(SIPReason?)
    case bye(SIPReason?)
    case offered(LegState.OfferMethod, sdp: String?)
    case pracked(sdp: String?)
    case info(SIPInfo)
    /// A final response to an INFO of ours.
    case infoAnswered(status: Int)
    case transferRequested(SIPTransferRequest)

    // The stack.
    case acknowledgementLost
    /// No PRACK came; the stack has refused the INVITE.
    case prackLost
    /// A BYE was answered, or given up: the core's, or one that the stack sent because the session expired.
    case byeAnswered
    /// The stack holds the session for over.
    case terminated(status: Int)

    /// The session timer wants its refresh, and the peer knows no UPDATE.
    case refreshDue
    /// The refresh by UPDATE, which the stack sends by itself, failed.
    case refreshFailed(status: Int)
    /// Nobody refreshed the session, and its interval is as good as over.
    case sessionOver

    /// The time that the state allows is over.
    case overdue
}

/// What is to be done about an input, in order.
enum LegAction: Equatable {
    /// A response to the INVITE or re-INVITE that waits.
    case respond(status: Int, sdp: String?)
    /// A final response other than 2xx to it.
    case refuse(SIPResponse)
    /// A response to the UPDATE that waits.
    case respondToUpdate(SIPResponse, sdp: String?)
    /// A response to the PRACK that waits.
    case respondToPrack(SIPResponse, sdp: String?)
    /// The response to the REFER that waits: 202, or a final one other than 2xx. `isSilent`: no NOTIFY follows.
    case respondToTransfer(SIPResponse, isSilent: Bool)
    /// A NOTIFY to the sender of a REFER.
    case notify(Fragment)
    case cancel(SIPReason?)
    case bye(SIPReason?)
    /// The ACK to a 2xx.
    case acknowledge(sdp: String?)
    /// A PRACK, with its RAck header.
    case prack(String)
    case reinvite(sdp: String?)
    case sendInfo(SIPInfo)
    case report(SIPEvent)
    /// Refreshes the session a little later.
    case refreshLater
    /// Sets the one timer of the leg; nil stops it.
    case wait(Limit?)
    /// The leg leaves the registry, its handle goes back to Sofia.
    case close

    /// Whether it sends a request that the dialog's route set and remote target are for.
    var isRequestInDialog: Bool {
        switch self {
        case .bye, .acknowledge, .prack, .reinvite, .sendInfo, .notify: true
        default: false
        }
    }

    /// What a NOTIFY tells (RFC 3515 section 2.4.5).
    struct Fragment: Equatable {
        let status: Int
        /// The standard one for the status when nil.
        let phrase: String?
        /// Nil for the first REFER of a dialog.
        let eventID: UInt32?
        /// Whether the subscription ends with it.
        let isLast: Bool

        /// - Parameter isLast: A final status ends the subscription in any case.
        init(status: Int, phrase: String?, eventID: UInt32?, isLast: Bool = false) {
            self.status = status
            self.phrase = phrase
            self.eventID = eventID
            self.isLast = isLast || status >= 200
        }
    }

    /// How long a state may last.
    enum Limit: Equatable {
        /// The core owes a decision.
        case decision
        case ringing
        /// The peer owes a final response or an ACK: longer than any transaction can take.
        case transaction
    }
}

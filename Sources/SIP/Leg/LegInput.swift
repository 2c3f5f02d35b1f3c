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

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

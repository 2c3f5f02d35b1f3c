public import EventLoop
public import SIPNames

/// A user agent for calls over SIP: what the core can do with the legs of its calls. ``SIPEndpoint`` is the one on Sofia's NUA.
///
/// What happens on a leg comes as ``SIPEvent``. A command to a leg that is gone, or in a state in which it makes no sense, does
/// nothing: the event that says so is on its way.
@LoopActor
public protocol SIPUserAgent: AnyObject {
    /// The addresses that it listens on, with their real ports.
    var listening: [ListenAddress] { get }

    // MARK: Calls

    /// Calls. Whatever fails comes as ``SIPEvent/rejected(_:status:phrase:reason:)``, also what fails at once.
    func invite(_ request: SIPInviteRequest) -> SIPLegID
    /// The call of a leg goes on to others: its set-up no longer waits for the gateway. 100 has been sent.
    func proceed(_ leg: SIPLegID)
    /// The call of a leg waits for a while on purpose, which is no set-up.
    func suspend(_ leg: SIPLegID)
    /// Sends 180, 183 or another provisional response to the INVITE; any status but 101 to 199 is sent as 180.
    func ring(_ leg: SIPLegID, status: Int, sdp: String?)
    /// Sends 200 with the answer, or with our offer where the INVITE had none.
    func answer(_ leg: SIPLegID, sdp: String)
    /// Sends a final response other than 2xx. The leg is gone, without an event.
    func reject(_ leg: SIPLegID, _ response: SIPResponse)
    /// Sends the ACK that answers an offer in a 2xx (late offer).
    func acknowledge(_ leg: SIPLegID, sdp: String)
    /// Ends a leg in any state: the final response `status` to an INVITE that waits, CANCEL to one of ours, else BYE. No event follows;
    /// a ``SIPEndpoint`` counts the leg in ``SIPEndpoint/openLegs`` until the peer has answered or was given up.
    func end(_ leg: SIPLegID, status: Int, reason: SIPReason?)

    // MARK: Offers in a dialog

    /// Offers anew within the dialog, by a re-INVITE; without `sdp` it asks the peer for its offer.
    ///
    /// `offerAccepted` or `offerRejected` follows. While another exchange is under way: `offerRejected` with 491.
    func offer(_ leg: SIPLegID, sdp: String?)
    /// Whether an offer is under way within an established dialog, in either direction (RFC 6337 section 2).
    func isExchanging(_ leg: SIPLegID) -> Bool
    /// Answers a re-INVITE or UPDATE with 200. Without `sdp` it is the description that was sent last.
    func acceptOffer(_ leg: SIPLegID, sdp: String?)
    /// Refuses a re-INVITE or UPDATE; the session stands as it was. A status that would end the dialog is sent as 488.
    func rejectOffer(_ leg: SIPLegID, _ response: SIPResponse)
    /// When the messages of a leg's set-up came and went; nil for a leg that is gone.
    func setUp(of leg: SIPLegID) -> SIPSetUpTimes?
    /// The Call-ID of a leg; nil where there is none any more.
    func callID(of leg: SIPLegID) -> String?
    /// The peer's last session description; nil where there is no established leg.
    func remoteDescription(of leg: SIPLegID) -> String?
    /// Our last session description to the peer; nil where there is no established leg.
    func localDescription(of leg: SIPLegID) -> String?

    // MARK: INFO

    /// Sends an INFO within the dialog (RFC 6086); `infoAnswered` follows.
    ///
    /// - Returns: False where there is no dialog yet, or no more.
    @discardableResult
    func info(_ leg: SIPLegID, _ info: SIPInfo) -> Bool
    /// Whether the peer lists INFO in its Allow; nil where it has shown none (RFC 3261 section 20.5).
    func listsInfo(_ leg: SIPLegID) -> Bool?

    // MARK: Transfers

    /// Answers a REFER with 202. Unless it wants no NOTIFY, `100 Trying` is reported at once.
    func acceptTransfer(_ leg: SIPLegID)
    /// Answers a REFER with another final response: 400, 403, 488, 491, 500, 503 or 603. Any other is sent as 403.
    func refuseTransfer(_ leg: SIPLegID, _ response: SIPResponse)
    /// Tells the sender of a REFER how its target answers, by a NOTIFY. A final status, from 200 on, is the last. Does nothing
    /// where the sender wants no NOTIFY. A BYE that follows waits until the NOTIFY is answered.
    ///
    /// - Parameter phrase: RFC 3261's own for the status when nil.
    func reportTransfer(_ leg: SIPLegID, status: Int, phrase: String?)
    /// The leg of an established dialog; nil where there is none of that name (RFC 3891).
    func leg(replacedBy replaces: SIPReplaces) -> SIPLegID?
    /// How another user agent can take our place in the dialog of a leg; nil where it is not established, where the peer has not acknowledged our 200 yet,
    /// and where it cannot be reached by another one.
    func dialog(of leg: SIPLegID) -> SIPDialog?

    // MARK: Outside of dialogs

    /// Sends a request and waits for its final response, or the end of its time.
    func request(_ request: SIPClientRequest) async -> SIPClientOutcome
}

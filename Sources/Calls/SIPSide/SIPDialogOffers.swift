internal import EventLoop
internal import ProxyCore
internal import SDP
internal import SIP

/// Our offers within one dialog: sends them, and again after a glare.
@LoopActor
final class SIPDialogOffers {
    private let endpoint: any SIPUserAgent
    let leg: SIPLegID
    private let ownsCallID: Bool
    private var pending = PendingOffer()
    private var timer: LoopTimer?

    /// - Parameter ownsCallID: Whether we sent the INVITE that made the dialog.
    init(endpoint: any SIPUserAgent, leg: SIPLegID, ownsCallID: Bool) {
        self.endpoint = endpoint
        self.leg = leg
        self.ownsCallID = ownsCallID
    }

    private var knownCallID: String?

    /// The dialog's Call-ID, also when the leg is gone; nil where it was never asked for before.
    var callID: String? {
        knownCallID = knownCallID ?? endpoint.callID(of: leg)
        return knownCallID
    }

    /// Whether an offer of ours has no answer yet.
    var isOffering: Bool { pending.sdp != nil }

    /// Whether an offer is under way in the dialog, ours or the phone's.
    var isBusy: Bool { isOffering || endpoint.isExchanging(leg) }

    /// Offers for a leg of the dialog: at once, or when the leg that holds the dialog has released it.
    func offer(_ offer: SessionDescription, by leg: AnyObject) {
        let sdp = offer.text
        guard pending.begin(sdp, by: ObjectIdentifier(leg)) else { return }
        endpoint.offer(self.leg, sdp: sdp)
    }

    /// Lets one leg alone offer, until it releases the dialog.
    func hold(for leg: AnyObject) { pending.hold(for: ObjectIdentifier(leg)) }

    /// The dialog is its former leg's again, whose offer may have waited for this.
    func release() {
        guard let next = pending.release() else { return }
        endpoint.offer(leg, sdp: next)
    }

    /// The dialog stays with the leg that holds it.
    func settle() { pending.forgetWaiting() }

    /// Whether an offer that was answered with `status` is to be repeated: after 491, when its time has come.
    func retries(after status: Int) -> Bool {
        var generator = SystemRandomNumberGenerator()
        guard let wait = pending.wait(after: status, ownsCallID: ownsCallID, using: &generator) else { return false }
        timer = LoopTimer.schedule(after: wait) { [weak self] in
            guard let self, let sdp = pending.sdp else { return }
            endpoint.offer(leg, sdp: sdp)
        }
        return true
    }

    /// The phone has accepted an offer. Whether it was one of ours: else it is the endpoint's refresh of the session timer.
    func accepted() -> Bool { pending.end() }

    func cancel() {
        timer?.cancel()
        timer = nil
        _ = pending.end()
        pending.forgetWaiting()
    }
}

/// A leg that offers within its dialog, and sends INFO.
@LoopActor
protocol SIPOfferingLeg: AnyObject {
    /// nil before there is a dialog.
    var infos: SIPDialogInfos? { get }
    /// The phone refused our offer. Whether the leg tries again by itself.
    func offerRejected(status: Int) -> Bool
    /// The phone accepted an offer. Whether the leg had made one.
    func offerAccepted() -> Bool
}

extension SessionFailure {
    /// The response to a re-INVITE or UPDATE that cannot be carried out; none of these ends the dialog (RFC 3261 14.2).
    var offerResponse: SIPResponse {
        switch self {
        case .state: SIPResponse(status: 491)
        case .unavailable: SIPResponse(status: 500, retryAfter: 5)
        case .description, .refused, .unsupported, .recording: SIPResponse(status: 488, warning: reason)
        }
    }
}

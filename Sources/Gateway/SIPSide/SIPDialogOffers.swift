internal import EventLoop
internal import ProxyCore
internal import SIP

/// Our offers within one dialog: sends them, and again after a glare.
@LoopActor
final class SIPDialogOffers {
    /// How often an offer is repeated that met one of the phone's.
    private static let maximumRetries = 3

    private let endpoint: SIPEndpoint
    private let leg: SIPLegID
    private let ownsCallID: Bool
    /// The offer that has not been answered.
    private var pending: String?
    private var retries = 0
    private var timer: LoopTimer?

    /// - Parameter ownsCallID: Whether we sent the INVITE that made the dialog.
    init(endpoint: SIPEndpoint, leg: SIPLegID, ownsCallID: Bool) {
        self.endpoint = endpoint
        self.leg = leg
        self.ownsCallID = ownsCallID
    }

    func offer(_ sdp: String) {
        pending = sdp
        retries = 0
        endpoint.offer(leg, sdp: sdp)
    }

    /// Whether an offer that was answered with `status` is to be repeated: after 491, when its time has come. The owner of
    /// the Call-ID waits 2.1 to 4 seconds, the other side up to 2 (RFC 3261 section 14.1).
    func retries(after status: Int) -> Bool {
        guard status == 491, let pending, retries < SIPDialogOffers.maximumRetries else {
            self.pending = nil
            return false
        }
        retries += 1
        let wait = ownsCallID ? Int.random(in: 210...400) : Int.random(in: 0...200)
        timer = LoopTimer.schedule(after: .milliseconds(wait * 10)) { [weak self] in
            guard let self else { return }
            endpoint.offer(leg, sdp: pending)
        }
        return true
    }

    /// The phone has accepted an offer. Whether it was one of ours: else it is the endpoint's refresh of the session timer.
    func accepted() -> Bool {
        defer { pending = nil }
        return pending != nil
    }

    func cancel() {
        timer?.cancel()
        timer = nil
        pending = nil
    }
}

/// A leg that offers within its dialog.
@LoopActor
protocol SIPOfferingLeg: AnyObject {
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
        case .description, .refused, .unsupported: SIPResponse(status: 488, warning: reason)
        }
    }
}

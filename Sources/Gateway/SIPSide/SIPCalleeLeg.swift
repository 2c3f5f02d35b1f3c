internal import EventLoop
internal import ProxyCore
internal import SIP

/// A phone that is being called.
@LoopActor
final class SIPCalleeLeg: CalleeLeg {
    private let endpoint: SIPEndpoint
    private var request: SIPInviteRequest
    /// Told the leg's id once there is one, so that its events find the call.
    var onInvited: (@LoopActor (SIPLegID) -> Void)?
    /// Tells the call that this leg is gone, when it is by our own doing.
    var onRefused: (@LoopActor (CallEnd) -> Void)?
    private var leg: SIPLegID?
    private var dialog: SIPDialogOffers?

    init(endpoint: SIPEndpoint, request: SIPInviteRequest) {
        self.endpoint = endpoint
        self.request = request
    }

    func invite(offer: String?) {
        request.sdp = offer
        let leg = endpoint.invite(request)
        self.leg = leg
        dialog = SIPDialogOffers(endpoint: endpoint, leg: leg, ownsCallID: true)
        onInvited?(leg)
    }

    func confirm(answer: String?) {
        guard let leg, let answer else { return }
        endpoint.acknowledge(leg, sdp: answer)
    }

    /// The phone considers itself answered: it gets its BYE, and the call goes on without it.
    func refuse(_ failure: SessionFailure) {
        let end = CallEnd(status: failure.sipStatus, reason: failure.reason, by: .gateway)
        self.end(end)
        onRefused?(end)
    }

    func end(_ end: CallEnd) {
        dialog?.cancel()
        guard let leg else { return }
        endpoint.end(leg, status: end.status, reason: end.sipReason)
    }

    func carryOffer(_ sdp: String) { dialog?.offer(sdp) }

    func carryAnswer(_ sdp: String) {
        guard let leg else { return }
        endpoint.acceptOffer(leg, sdp: sdp)
    }

    func refuseOffer(_ failure: SessionFailure) {
        guard let leg else { return }
        endpoint.rejectOffer(leg, failure.offerResponse)
    }
}

extension SIPCalleeLeg: SIPOfferingLeg {
    func offerAccepted() -> Bool { dialog?.accepted() ?? false }

    func offerRejected(status: Int) -> Bool { dialog?.retries(after: status) ?? false }
}

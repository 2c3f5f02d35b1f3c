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

    init(endpoint: SIPEndpoint, request: SIPInviteRequest) {
        self.endpoint = endpoint
        self.request = request
    }

    func invite(offer: String) {
        request.sdp = offer
        let leg = endpoint.invite(request)
        self.leg = leg
        onInvited?(leg)
    }

    func confirm() {}

    /// The phone considers itself answered: it gets its BYE, and the call goes on without it.
    func refuse(_ failure: SessionFailure) {
        let end = CallEnd(status: failure.sipStatus, reason: failure.reason, by: .gateway)
        self.end(end)
        onRefused?(end)
    }

    func end(_ end: CallEnd) {
        guard let leg else { return }
        endpoint.end(leg, status: end.status, reason: end.sipReason)
    }
}

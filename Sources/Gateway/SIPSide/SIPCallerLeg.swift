internal import EventLoop
internal import ProxyCore
internal import SIP

/// A phone that called us.
@LoopActor
final class SIPCallerLeg: CallerLeg {
    private let endpoint: SIPEndpoint
    private let leg: SIPLegID

    init(endpoint: SIPEndpoint, leg: SIPLegID) {
        self.endpoint = endpoint
        self.leg = leg
    }

    func ring() { endpoint.ring(leg, status: 180, sdp: nil) }

    func answer(_ sdp: String) { endpoint.answer(leg, sdp: sdp) }

    func reject(_ end: CallEnd) { endpoint.reject(leg, end.sipResponse) }

    func hangUp(_ end: CallEnd) { endpoint.end(leg, status: end.status, reason: end.sipReason) }
}

internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SDP
internal import SIP

/// A phone that called us.
@LoopActor
final class SIPCallerLeg: CallerLeg, PhoneLeg {
    private let endpoint: any SIPUserAgent
    private let leg: SIPLegID
    private let offers: SIPDialogOffers
    let infos: SIPDialogInfos?
    let flow: SIPFlow?
    /// The place that it takes on the trunk that it came by.
    private let place: TrunkPlace?
    let node: String?

    /// - Parameter node: The node that hands it on.
    init(endpoint: any SIPUserAgent, leg: SIPLegID, flow: SIPFlow? = nil, place: TrunkPlace? = nil, node: String? = nil) {
        self.node = node
        self.endpoint = endpoint
        self.leg = leg
        self.flow = flow
        self.place = place
        offers = SIPDialogOffers(endpoint: endpoint, leg: leg, ownsCallID: false)
        infos = SIPDialogInfos(endpoint: endpoint, leg: leg)
    }

    var dialog: SIPDialogOffers? { offers }

    func over() { place?.leave() }

    func proceed() { endpoint.proceed(leg) }

    func ring() { endpoint.ring(leg, status: 180, sdp: nil) }

    func progress(_ answer: SessionDescription) { endpoint.ring(leg, status: 183, sdp: answer.text) }

    func answer(_ description: SessionDescription) { endpoint.answer(leg, sdp: description.text) }

    func reject(_ end: CallEnd) { endpoint.reject(leg, end.sipResponse) }

    func hangUp(_ end: CallEnd) {
        offers.cancel()
        infos?.end()
        endpoint.end(leg, status: end.status, reason: end.sipReason)
    }

    func sendOffer(_ offer: SessionDescription) { offers.offer(offer, by: self) }

    func sendAnswer(_ answer: SessionDescription) { endpoint.acceptOffer(leg, sdp: answer.text) }

    func refuseOffer(_ failure: SessionFailure) { endpoint.rejectOffer(leg, failure.offerResponse) }
}

extension SIPCallerLeg: SIPOfferingLeg {
    func offerAccepted() -> Bool { offers.accepted() }

    func offerRejected(status: Int) -> Bool { offers.retries(after: status) }
}

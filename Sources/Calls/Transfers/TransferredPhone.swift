internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SDP
internal import SIP

/// A phone that goes on in another call: it is offered the other session within its dialog.
@LoopActor
final class TransferredPhone: TransferredLeg, PhoneLeg {
    private enum Place: Equatable {
        /// In its former call, or on its way from there or back.
        case former
        /// In the other call, which may still fail.
        case arrived
        /// In the other call for good.
        case settled
        /// Its dialog is over.
        case over
    }

    let side: SessionSide
    let origin: CallOrigin
    weak var transfer: TransferRunner?
    private let endpoint: any SIPUserAgent
    private let former: any PhoneLeg
    private let offers: SIPDialogOffers
    private var place = Place.former
    /// Our last description in the former session, and our last offer of this leg.
    private var before: SessionDescription?
    private var latest: SessionDescription?
    /// The offer by which it was to return to its former session.
    private(set) var lastReturn: SessionDescription?
    /// An offer of the other call's other side, which came before the phone was there.
    private var waiting: SessionDescription?

    init(_ former: any PhoneLeg, offers: SIPDialogOffers, side: SessionSide, origin: CallOrigin, endpoint: any SIPUserAgent) {
        // However often it is moved, it is one leg.
        self.former = (former as? TransferredPhone)?.former ?? former
        self.offers = offers
        self.side = side
        self.origin = origin
        self.endpoint = endpoint
    }

    var leg: SIPLegID { offers.leg }
    var dialog: SIPDialogOffers? { offers }
    var flow: SIPFlow? { former.flow }
    var node: String? { former.node }
    var infos: SIPDialogInfos? { (former as? any SIPOfferingLeg)?.infos }

    /// What the former leg holds goes with the phone.
    func over() {
        if place == .settled || place == .over { former.over() }
    }

    // MARK: On its way

    /// What the phone said last is its offer for another session.
    func makeOffer() {
        guard let said = endpoint.remoteDescription(of: leg) else {
            transfer?.handle(.rejected(side, .nothingKnown))
            return
        }
        transfer?.handle(.offered(side, DialogInheritance.offer(from: RemoteDescription(parsing: said))))
    }

    func offer(_ offer: SessionDescription) {
        guard !offers.isBusy else {
            transfer?.handle(.busy(side))
            return
        }
        before = endpoint.localDescription(of: leg).flatMap { try? SessionDescription(parsing: $0) }
        latest = offer
        offers.hold(for: self)
        offers.offer(offer, by: self)
    }

    /// A phone's answer goes within its dialog as well.
    func deliver(answer: SessionDescription) { offer(answer) }

    /// Offers it its former session again.
    func offerFormer() {
        guard !offers.isOffering else {
            transfer?.handle(.busy(side))
            return
        }
        guard let before else {
            transfer?.handle(.rejected(side, .nothingKnown))
            return
        }
        waiting = nil
        let offer = DialogInheritance.renewed(before, after: latest)
        latest = offer
        lastReturn = offer
        offers.offer(offer, by: self)
    }

    /// Takes what the phone says while it is on its way. Whether it is for the transfer alone.
    func takes(_ event: SIPEvent) -> Bool {
        guard let transfer else { return false }
        let machine = transfer.machine
        switch event {
        case .offerAccepted(_, let sdp) where machine.isOffering(side):
            // Else it is the endpoint's refresh of the session timer.
            guard offers.accepted() else { return false }
            transfer.handle(.accepted(side, sdp.map { RemoteDescription(parsing: $0) }))
        case .offerRejected(_, let status, let phrase) where machine.isOffering(side):
            // An offer that is of no use any more is not repeated.
            if offers.retries(after: machine.isTurning(side) ? 0 : status) { return true }
            transfer.handle(.rejected(side, CallEnd(status: status, reason: phrase, by: .callee)))
        case .offer where machine.isBetween(side):
            // Neither session could take it now: the phone asks again later.
            endpoint.rejectOffer(leg, SIPResponse(status: 491))
        case .ended(_, let end):
            // Where it has a former call, it hangs up there.
            transfer.handle(.left(side, end.callEnd(by: side == .caller ? .caller : .callee)))
            return machine.isAlone(side)
        default:
            return false
        }
        return true
    }

    func arrive() {
        place = .arrived
        guard let offer = waiting else { return }
        waiting = nil
        offers.offer(offer, by: self)
    }

    func leave() { if place == .arrived { place = .former } }

    func settle(with party: CallParty?) {
        place = .settled
        offers.settle()
    }

    func stay() {
        waiting = nil
        leave()
        offers.release()
    }

    func forget(isAlone: Bool) {
        place = .over
        waiting = nil
        offers.cancel()
        if isAlone { former.over() }
    }

    // MARK: As a leg

    func end(_ end: CallEnd) { if place == .settled { close(end) } }

    func close(_ end: CallEnd) {
        guard place != .over else { return }
        forget(isAlone: true)
        infos?.end()
        endpoint.end(leg, status: end.status, reason: end.sipReason)
    }

    func sendOffer(_ offer: SessionDescription) {
        switch place {
        case .former: waiting = offer
        case .arrived, .settled: offers.offer(offer, by: self)
        case .over: break
        }
    }

    func sendAnswer(_ answer: SessionDescription) { endpoint.acceptOffer(leg, sdp: answer.text) }

    func refuseOffer(_ failure: SessionFailure) { endpoint.rejectOffer(leg, failure.offerResponse) }
}

extension TransferredPhone: SIPOfferingLeg {
    func offerAccepted() -> Bool { offers.accepted() }

    func offerRejected(status: Int) -> Bool { offers.retries(after: status) }
}

internal import EventLoop
internal import ProxyCore
internal import SIP

/// A phone that goes on in another call: it is offered the other session within its dialog.
@LoopActor
final class MovedPhone: MovedLeg, PhoneLeg {
    private enum Phase {
        /// In its former call.
        case away
        /// It has the offer of the other session.
        case moving
        /// The other call failed meanwhile: it goes back once it has answered.
        case turning
        /// It has been offered its former session again.
        case returning
        case here
    }

    /// What is to be done when the phone's events are for the other call, and when for its former one.
    struct Way {
        let there: @LoopActor (MovedPhone) -> Void
        let back: @LoopActor (MovedPhone) -> Void
        /// What the phone says to its former session.
        let answered: @LoopActor (String) -> Void
    }

    let origin: CallOrigin
    var onRinging: (@LoopActor () -> Void)?
    var onMoved: (@LoopActor (String?, Bool) -> Void)?
    var onFailed: (@LoopActor (CallEnd) -> Void)?
    var isAlone = false { didSet { if isAlone { way.there(self) } } }
    private let endpoint: SIPEndpoint
    private let former: any PhoneLeg
    private let offers: SIPDialogOffers
    private let way: Way
    private var phase = Phase.away
    /// What was said to the phone in its former session, and in the other one.
    private var before: String?
    private var after: String?
    private var timer: LoopTimer?
    private var attempts = 0

    init(_ former: any PhoneLeg, offers: SIPDialogOffers, origin: CallOrigin, endpoint: SIPEndpoint, way: Way) {
        self.former = former
        self.offers = offers
        self.origin = origin
        self.endpoint = endpoint
        self.way = way
    }

    var leg: SIPLegID { offers.leg }
    var dialog: SIPDialogOffers? { offers }
    var flow: SIPFlow? { former.flow }
    var infos: SIPDialogInfos? { (former as? any SIPOfferingLeg)?.infos }

    func over() { former.over() }

    // MARK: There

    func answer(_ sdp: String) { move(sdp) }

    func invite(offer: String?) {
        guard let offer else { return fail(CallEnd(status: 488, reason: "There is no offer", by: .gateway)) }
        move(offer)
    }

    /// An offer of the former call comes first.
    private func move(_ sdp: String) {
        guard phase == .away else { return }
        guard !offers.isOffering else {
            attempts += 1
            guard attempts < MovedPhone.mostAttempts else { return fail(.failed(.state("the phone is busy with another offer"))) }
            timer = LoopTimer.schedule(after: .milliseconds(250)) { [weak self] in self?.move(sdp) }
            return
        }
        phase = .moving
        before = endpoint.localDescription(of: leg)
        after = sdp
        way.there(self)
        offers.offer(sdp)
    }

    private static let mostAttempts = 40

    /// Takes what the phone says to an offer that moves it.
    func takes(_ event: SIPEvent) -> Bool {
        switch (phase, event) {
        case (.moving, .offerAccepted(_, let sdp)):
            guard offers.accepted() else { return false }
            guard let sdp else {
                fail(CallEnd(status: 488, reason: "The phone accepted without an answer", by: .callee))
                return true
            }
            phase = .here
            onMoved?(sdp, false)
        case (.moving, .offerRejected(_, let status, let phrase)):
            if offers.retries(after: status) { return true }
            fail(CallEnd(status: status, reason: phrase, by: .callee))
        case (.turning, .offerAccepted):
            guard offers.accepted() else { return false }
            returnOffer()
        case (.turning, .offerRejected):
            isBack()
        case (.returning, .offerAccepted(_, let sdp)):
            guard offers.accepted() else { return false }
            isBack()
            if let sdp { way.answered(sdp) }
        case (.returning, .offerRejected(_, let status, _)):
            if !offers.retries(after: status) { isBack() }
        default:
            return false
        }
        return true
    }

    private func fail(_ end: CallEnd) {
        phase = .away
        onFailed?(end)
    }

    func settle(at side: SessionSide, with party: CallParty?) {}

    // MARK: Back

    func giveBack() {
        timer?.cancel()
        guard !isAlone else { return }
        switch phase {
        case .moving: phase = .turning
        case .here: returnOffer()
        case .away, .turning, .returning: isBack()
        }
    }

    private func returnOffer() {
        phase = .returning
        guard let before else { return isBack() }
        offers.offer(DialogInheritance.renewed(before, after: after))
    }

    private func isBack() {
        phase = .away
        way.back(self)
    }

    // MARK: As a leg

    func end(_ end: CallEnd) {
        timer?.cancel()
        guard phase == .here || isAlone else { return }
        offers.cancel()
        infos?.end()
        over()
        endpoint.end(leg, status: end.status, reason: end.sipReason)
    }

    func carryOffer(_ sdp: String) { offers.offer(sdp) }

    func carryAnswer(_ sdp: String) { endpoint.acceptOffer(leg, sdp: sdp) }

    func refuseOffer(_ failure: SessionFailure) { endpoint.rejectOffer(leg, failure.offerResponse) }
}

extension MovedPhone: SIPOfferingLeg {
    func offerAccepted() -> Bool { offers.accepted() }

    func offerRejected(status: Int) -> Bool { offers.retries(after: status) }
}

internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SIP

/// A phone that goes on in another call: it is offered the other session within its dialog.
@LoopActor
final class TransferredPhone: TransferredLeg, PhoneLeg {
    private enum Phase: Equatable {
        /// In its former call.
        case away
        /// It has the offer of the other session.
        case moving
        /// The other call failed while an offer of it has no answer: the phone goes back once it has answered. `isThere`: it has the other
        /// session already.
        case turning(isThere: Bool)
        /// It has been offered its former session again.
        case returning
        /// In the other call, which may still fail.
        case here
        /// In the other call for good.
        case settled
        /// Its dialog is over.
        case gone
    }

    /// What is to be done when the phone's events are for the other call, when for its former one, and when this leg no longer hears
    /// of them first.
    struct Way {
        let there: @LoopActor (TransferredPhone) -> Void
        let back: @LoopActor (TransferredPhone) -> Void
        let done: @LoopActor (TransferredPhone) -> Void
        /// What was said to the phone so that it returns to its former session, and what it said to that.
        let returned: @LoopActor (_ ours: String, _ theirs: String?) -> Void
    }

    let origin: CallOrigin
    var onRinging: (@LoopActor () -> Void)?
    var onMoved: (@LoopActor (String?, Bool) -> Void)?
    var onFailed: (@LoopActor (CallEnd) -> Void)?
    var onArrived: (@LoopActor (String?) -> Void)?
    var onGone: (@LoopActor () -> Void)?
    var isAlone = false { didSet { if isAlone { way.there(self) } } }
    private let endpoint: any SIPUserAgent
    private let former: any PhoneLeg
    private let offers: SIPDialogOffers
    private let way: Way
    private var phase = Phase.away
    /// What was said to the phone in its former session, and in the other one.
    private var before: String?
    private var after: String?
    /// Whether the other call has taken what it said last for its offer.
    private var hasOffered = false
    /// An offer of the other call's other side, which came before the phone was there.
    private var waiting: String?
    private var timer: LoopTimer?
    private var attempts = 0

    init(_ former: any PhoneLeg, offers: SIPDialogOffers, origin: CallOrigin, endpoint: any SIPUserAgent, way: Way) {
        // However often it is moved, it is one leg.
        self.former = (former as? TransferredPhone)?.former ?? former
        self.offers = offers
        self.origin = origin
        self.endpoint = endpoint
        self.way = way
    }

    var leg: SIPLegID { offers.leg }
    var dialog: SIPDialogOffers? { offers }
    var flow: SIPFlow? { former.flow }
    var infos: SIPDialogInfos? { (former as? any SIPOfferingLeg)?.infos }

    /// What the former leg holds goes with the phone.
    func over() {
        if isAlone || phase == .settled || phase == .gone { former.over() }
    }

    // MARK: There

    func answer(_ sdp: String) { move(sdp) }

    func invite(offer: String?) {
        if let offer { return move(offer) }
        guard let own = lastOffer else { return fail(.nothingKnown) }
        hasOffered = true
        onMoved?(own, false)
    }

    func confirm(answer: String?) {
        if let answer { move(answer) }
    }

    /// What the phone said last, as its offer for another session.
    var lastOffer: String? { endpoint.remoteDescription(of: leg).map { DialogInheritance.offer(from: $0) } }

    /// An offer of the former call comes first.
    private func move(_ sdp: String) {
        guard phase == .away else { return }
        guard !offers.isBusy else {
            attempts += 1
            guard attempts < TransferredPhone.mostAttempts else { return fail(.failed(.state("the phone is busy with another offer"))) }
            timer = LoopTimer.schedule(after: .milliseconds(250)) { [weak self] in self?.move(sdp) }
            return
        }
        phase = .moving
        before = endpoint.localDescription(of: leg)
        after = sdp
        way.there(self)
        offers.hold(for: self)
        offers.offer(sdp, by: self)
    }

    private static let mostAttempts = 40

    /// Takes what the phone says while it is on its way.
    func takes(_ event: SIPEvent) -> Bool {
        switch (phase, event) {
        case (.moving, .offerAccepted(_, let sdp)):
            guard offers.accepted() else { return false }
            phase = .here
            if let sdp { arrive(sdp) } else { onFailed?(CallEnd(status: 488, reason: "The phone accepted without an answer", by: .callee)) }
        case (.moving, .offerRejected(_, let status, let phrase)):
            if offers.retries(after: status) { return true }
            fail(CallEnd(status: status, reason: phrase, by: .callee))
        case (.turning, .offerAccepted):
            guard offers.accepted() else { return false }
            returnOffer()
        case (.turning(let isThere), .offerRejected):
            _ = offers.retries(after: 0)
            if isThere { returnOffer() } else { isBack() }
        case (.returning, .offerAccepted(_, let sdp)):
            guard offers.accepted() else { return false }
            isBack(answer: sdp)
        case (.returning, .offerRejected(_, let status, _)):
            if !offers.retries(after: status) { isBack() }
        case (.moving, .offer), (.turning, .offer), (.returning, .offer), (.here, .offer):
            // Neither session could take it now: the phone asks again later.
            endpoint.rejectOffer(leg, SIPResponse(status: 491))
        case (.away, .ended) where isAlone:
            isGone()
            over()
            onGone?()
        case (_, .ended):
            // Where it has a former call, it hangs up there.
            if !isAlone, phase == .moving || phase == .here { way.back(self) }
            isGone()
            return false
        default:
            return false
        }
        return true
    }

    private func arrive(_ sdp: String) {
        if hasOffered { onArrived?(sdp) } else { onMoved?(sdp, false) }
        guard let offer = waiting else { return }
        waiting = nil
        if phase == .here || phase == .settled { offers.offer(offer, by: self) }
    }

    private func isGone() {
        phase = .gone
        timer?.cancel()
        offers.cancel()
        way.done(self)
    }

    private func fail(_ end: CallEnd) {
        let wasMoving = phase == .moving
        if wasMoving, !isAlone { way.back(self) }
        phase = .away
        onFailed?(end)
        if wasMoving { offers.release() }
    }

    func settle(at side: SessionSide, with party: CallParty?) {
        guard phase != .gone else { return }
        phase = .settled
        offers.settle()
        way.done(self)
    }

    // MARK: Back

    func giveBack() {
        timer?.cancel()
        waiting = nil
        guard !isAlone else { return }
        switch phase {
        case .moving, .here:
            // An offer that has no answer yet comes first: while the phone is moving there is one.
            let isAnswerAwaited = phase == .moving || offers.isOffering
            if isAnswerAwaited { phase = .turning(isThere: phase == .here) }
            way.back(self)
            if !isAnswerAwaited { returnOffer() }
        case .away: way.done(self)
        case .turning, .returning, .settled, .gone: break
        }
    }

    private func returnOffer() {
        guard let before else { return isBack() }
        let offer = DialogInheritance.renewed(before, after: after)
        after = offer
        phase = .returning
        offers.offer(offer, by: self)
    }

    private func isBack(answer: String? = nil) {
        if phase == .returning, let after { way.returned(after, answer) }
        phase = .away
        way.done(self)
        offers.release()
    }

    // MARK: As a leg

    func end(_ end: CallEnd) {
        timer?.cancel()
        guard isAlone || phase == .settled, phase != .gone else { return }
        isGone()
        infos?.end()
        over()
        endpoint.end(leg, status: end.status, reason: end.sipReason)
    }

    func carryOffer(_ sdp: String) {
        switch phase {
        case .away, .moving: waiting = sdp
        case .here, .settled: offers.offer(sdp, by: self)
        case .turning, .returning, .gone: break
        }
    }

    func carryAnswer(_ sdp: String) { endpoint.acceptOffer(leg, sdp: sdp) }

    func refuseOffer(_ failure: SessionFailure) { endpoint.rejectOffer(leg, failure.offerResponse) }
}

extension TransferredPhone: SIPOfferingLeg {
    func offerAccepted() -> Bool { offers.accepted() }

    func offerRejected(status: Int) -> Bool { offers.retries(after: status) }
}

extension CallEnd {
    static let nothingKnown = CallEnd(status: 500, reason: "Nothing is known of the phone's media", by: .gateway)
}

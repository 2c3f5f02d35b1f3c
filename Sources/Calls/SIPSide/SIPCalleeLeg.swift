internal import Configuration
internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SDP
internal import SIP

/// A phone that is being called, or a trunk, whose targets are tried one after the other.
@LoopActor
final class SIPCalleeLeg: CalleeLeg, PhoneLeg {
    /// One INVITE that may be sent.
    struct Attempt {
        var request: SIPInviteRequest
        /// The place of its target in ``Trunk/targets``, or among the nodes that may have the phone; negative where it is none of them.
        var target = 0
    }

    let origin: CallOrigin
    private let endpoint: any SIPUserAgent
    /// What has not been tried yet.
    private(set) var attempts: [Attempt]
    private var current: Attempt?
    private let trunk: Trunk?
    private let service: TrunkService?
    private var place: TrunkPlace?
    /// As it goes into each INVITE.
    private var offer: String?
    private var hasRung = false
    private var isOver = false
    /// Told the leg's id once there is one, so that its events find the call.
    var onInvited: (@LoopActor (SIPLegID) -> Void)?
    /// Tells the call that this leg is gone, when it is by our own doing.
    var onRefused: (@LoopActor (CallEnd) -> Void)?
    /// Gives each INVITE its Authorization when it goes out, where it is to have one, by the place of its target.
    private let authorization: (@LoopActor (Int) -> String?)?
    /// The names of the nodes that may have the phone, by the places of their targets; none where it is called from here.
    private let nodes: [String]
    /// Whether the next target is tried after a refusal with this status.
    private let failsOver: @LoopActor (Int) -> Bool
    private var leg: SIPLegID?
    private(set) var dialog: SIPDialogOffers?
    private(set) var infos: SIPDialogInfos?

    convenience init(endpoint: any SIPUserAgent, origin: CallOrigin, request: SIPInviteRequest) {
        self.init(endpoint: endpoint, origin: origin, attempts: [Attempt(request: request)]) { _ in false }
    }

    convenience init(endpoint: any SIPUserAgent, origin: CallOrigin, attempts: [Attempt], trunk: Trunk, service: TrunkService) {
        self.init(endpoint: endpoint, origin: origin, attempts: attempts, trunk: trunk, service: service) { trunk.failsOver(on: $0) }
    }

    init(
        endpoint: any SIPUserAgent, origin: CallOrigin, attempts: [Attempt], trunk: Trunk? = nil, service: TrunkService? = nil, nodes: [String] = [],
        failsOver: @escaping @LoopActor (Int) -> Bool, authorization: (@LoopActor (Int) -> String?)? = nil
    ) {
        self.authorization = authorization
        self.nodes = nodes
        self.failsOver = failsOver
        self.endpoint = endpoint
        self.origin = origin
        self.attempts = attempts
        self.trunk = trunk
        self.service = service
    }

    /// The flow that the phone is called over; nil where it is none.
    var flow: SIPFlow? { current?.request.hop?.flow }

    /// Where it is called, or was last; nil before.
    var target: (uri: String, trunk: String?)? { current.map { ($0.request.target, trunk?.name) } }

    /// The node that has the phone; nil where it is called from here.
    var node: String? { current.flatMap { nodes.indices.contains($0.target) ? nodes[$0.target] : nil } }

    func invite(offer: SessionDescription?) {
        self.offer = offer?.text
        if let trunk, let service {
            place = service.place(on: trunk)
            guard place != nil else {
                onRefused?(CallEnd(status: 503, reason: "Trunk \(trunk.name) has no line free", by: .gateway, retryAfter: 5))
                return
            }
        }
        tryNext()
    }

    private func tryNext() {
        guard !attempts.isEmpty else { return }
        var attempt = attempts.removeFirst()
        attempt.request.sdp = offer
        if let value = authorization?(attempt.target) { attempt.request.headers.append(("Authorization", value)) }
        current = attempt
        let leg = endpoint.invite(attempt.request)
        self.leg = leg
        dialog = SIPDialogOffers(endpoint: endpoint, leg: leg, ownsCallID: true)
        infos = SIPDialogInfos(endpoint: endpoint, leg: leg)
        onInvited?(leg)
    }

    /// It has said something: from here on it is the one that is called.
    func rings() {
        hasRung = true
        noteOutcome(nil)
    }

    /// The INVITE was refused, or not answered. Whether the next target is being tried.
    func goesOn(after status: Int) -> Bool {
        noteOutcome(status)
        dialog?.cancel()
        leg = nil
        guard !isOver, !hasRung, !attempts.isEmpty, failsOver(status) else {
            over()
            return false
        }
        tryNext()
        return true
    }

    private func noteOutcome(_ status: Int?) {
        guard let trunk, let current, current.target >= 0 else { return }
        service?.note(status, from: current.target, of: trunk)
    }

    /// The leg is gone; what it took of its trunk is free again.
    func over() {
        isOver = true
        attempts = []
        place?.leave()
        place = nil
        infos?.end()
    }

    func confirm(answer: SessionDescription?) {
        guard let leg, let answer else { return }
        endpoint.acknowledge(leg, sdp: answer.text)
    }

    /// The phone considers itself answered: it gets its BYE, and the call goes on without it.
    func refuse(_ failure: SessionFailure) {
        let end = CallEnd(status: failure.sipStatus, reason: failure.reason, by: .gateway)
        self.end(end)
        onRefused?(end)
    }

    func end(_ end: CallEnd) {
        dialog?.cancel()
        over()
        guard let leg else { return }
        endpoint.end(leg, status: end.status, reason: end.sipReason)
    }

    func sendOffer(_ offer: SessionDescription) { dialog?.offer(offer, by: self) }

    func sendAnswer(_ answer: SessionDescription) {
        guard let leg else { return }
        endpoint.acceptOffer(leg, sdp: answer.text)
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

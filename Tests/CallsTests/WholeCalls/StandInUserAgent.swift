import EventLoop
@testable import SIP
import SIPNames

/// SIP without sockets: each leg is a real ``LegMachine``, and what it would send is kept as text for the phone at the other end, which a test plays.
@LoopActor
final class StandInUserAgent: SIPUserAgent {
    let listening = [ListenAddress(transport: .udp, address: "192.0.2.1", port: 5_060)]
    var onEvent: @LoopActor (SIPEvent) -> Void = { _ in }
    /// The legs that are not gone, in the order in which they came about.
    private(set) var legs: [StandInLeg] = []
    /// All legs that there were.
    private(set) var all: [StandInLeg] = []
    /// What the core did that it must not do.
    var violations: [String] = []
    /// The calls of the gateway's own, in the order in which they went out.
    private(set) var requests: [SIPInviteRequest] = []
    private var last: UInt = 0

    subscript(id: SIPLegID) -> StandInLeg? { legs.first { $0.id == id } }

    // MARK: Phones

    /// A phone calls.
    @discardableResult
    func call(_ invite: SIPIncomingInvite) -> StandInLeg {
        let leg = StandInLeg(.called(nextID(), sdp: invite.sdp), peer: invite.from.user, agent: self)
        insert(leg)
        leg.isOurs = false
        onEvent(.incoming(leg.id, invite))
        return leg
    }

    private func nextID() -> SIPLegID {
        last += 1
        return SIPLegID(number: last)
    }

    private func insert(_ leg: StandInLeg) {
        legs.append(leg)
        all.append(leg)
        leg.wait(.decision)
    }

    func forget(_ leg: StandInLeg) { legs.removeAll { $0 === leg } }

    // MARK: The core

    func invite(_ request: SIPInviteRequest) -> SIPLegID {
        requests.append(request)
        let leg = StandInLeg(.calling(nextID(), sdp: request.sdp), peer: request.target, agent: self)
        leg.sent.append(request.sdp == nil ? "INVITE" : "INVITE offer")
        insert(leg)
        leg.wait(.transaction)
        return leg.id
    }

    func proceed(_ leg: SIPLegID) {}
    func suspend(_ leg: SIPLegID) {}

    func ring(_ leg: SIPLegID, status: Int, sdp: String?) { self[leg]?.command(.ring(status: status, sdp: sdp)) }
    func answer(_ leg: SIPLegID, sdp: String) { self[leg]?.command(.answer(sdp: sdp)) }
    func reject(_ leg: SIPLegID, _ response: SIPResponse) { self[leg]?.command(.reject(response)) }
    func acknowledge(_ leg: SIPLegID, sdp: String) { self[leg]?.command(.acknowledge(sdp: sdp)) }
    func end(_ leg: SIPLegID, status: Int, reason: SIPReason?) { self[leg]?.command(.end(status: status, reason: reason)) }
    func offer(_ leg: SIPLegID, sdp: String?) { self[leg]?.command(.offer(sdp: sdp)) }
    func acceptOffer(_ leg: SIPLegID, sdp: String?) { self[leg]?.command(.acceptOffer(sdp: sdp)) }
    func rejectOffer(_ leg: SIPLegID, _ response: SIPResponse) { self[leg]?.command(.rejectOffer(response)) }
    func acceptTransfer(_ leg: SIPLegID) { self[leg]?.command(.acceptTransfer) }
    func refuseTransfer(_ leg: SIPLegID, _ response: SIPResponse) { self[leg]?.command(.refuseTransfer(response)) }
    func reportTransfer(_ leg: SIPLegID, status: Int, phrase: String?) {
        self[leg]?.command(.reportTransfer(status: status, phrase: phrase))
    }

    func info(_ leg: SIPLegID, _ info: SIPInfo) -> Bool {
        guard let leg = self[leg], leg.isEstablished else { return false }
        leg.command(.sendInfo(info))
        return true
    }

    func isExchanging(_ leg: SIPLegID) -> Bool { self[leg]?.exchange.map { $0 != .idle } ?? false }
    /// When the messages of each call's set-up came and went.
    var setUps: [SIPLegID: SIPSetUpTimes] = [:]
    func setUp(of leg: SIPLegID) -> SIPSetUpTimes? { setUps[leg] }
    func callID(of leg: SIPLegID) -> String? { self[leg].map { $0.id.description } }
    func listsInfo(_ leg: SIPLegID) -> Bool? { true }
    func leg(replacedBy replaces: SIPReplaces) -> SIPLegID? {
        legs.first { $0.isEstablished && $0.id.description == replaces.callID }?.id
    }

    /// Whether the phones list `replaces`.
    var supportsReplaces = true
    func dialog(of leg: SIPLegID) -> SIPDialog? {
        guard let leg = self[leg], leg.isEstablished else { return nil }
        let id = leg.id.description
        return SIPDialog(replaces: SIPReplaces(callID: id, toTag: "phone-\(id)", fromTag: "gateway-\(id)"), target: "sip:\(leg.peer)@192.0.2.7", supportsReplaces: supportsReplaces)
    }

    func remoteDescription(of leg: SIPLegID) -> String? { self[leg]?.descriptions?.remote }
    func localDescription(of leg: SIPLegID) -> String? { self[leg]?.descriptions?.local }
    /// What becomes of requests outside of dialogs.
    var onRequest: @LoopActor (SIPClientRequest) -> SIPClientOutcome = { _ in SIPClientOutcome(status: 503, phrase: "", isFromPeer: false) }
    func request(_ request: SIPClientRequest) async -> SIPClientOutcome { onRequest(request) }
}

/// A leg of a ``StandInUserAgent``, and the phone at its other end.
@LoopActor
final class StandInLeg {
    private(set) var machine: LegMachine
    /// The other end: the user who calls, or the URI that is called.
    let peer: String
    /// Whether the INVITE is the gateway's.
    var isOurs = true
    /// What went out to the phone, in short.
    var sent: [String] = []
    /// Final responses to the phone's INVITE.
    private(set) var finalResponses = 0
    /// INFOs of the gateway's without a response.
    private(set) var openInfos = 0
    /// Whether the phone's REFER waits for the NOTIFY that is the last.
    private(set) var isReferring = false
    /// Whether the phone, or the stack, has ended it.
    private(set) var isEndedByPhone = false
    private var isEndedByCore = false
    private unowned let agent: StandInUserAgent
    private var timer: LoopTimer?

    var id: SIPLegID { machine.id }
    var state: LegState { machine.state }
    var isEstablished: Bool { descriptions != nil }
    var descriptions: LegState.Descriptions? { if case .established(let descriptions, _) = state { descriptions } else { nil } }
    var exchange: LegState.Exchange? { if case .established(_, let exchange) = state { exchange } else { nil } }
    /// Whether the gateway has not ended it, nor the phone.
    var isAlive: Bool {
        switch state {
        case .leavingOnceAcknowledged, .cancelling, .ending, .gone: false
        default: true
        }
    }

    init(_ machine: LegMachine, peer: String, agent: StandInUserAgent) {
        self.machine = machine
        self.peer = peer
        self.agent = agent
    }

    /// What the phone sends.
    func receive(_ input: LegInput) {
        switch input {
        case .bye, .cancelled, .failure, .redirected, .terminated, .prackLost: isEndedByPhone = true
        case .infoAnswered: openInfos = max(0, openInfos - 1)
        case .transferRequested: isReferring = isEstablished
        default: break
        }
        handle(input)
    }

    /// What the core wants. A command that is lawful at no time in this state is a fault of the core's; one that crosses the leg's end is not.
    func command(_ input: LegInput) {
        if case .end = input { isEndedByCore = true }
        if let fault = fault(of: input) { agent.violations.append("\(id) \(state): \(fault)") }
        handle(input)
    }

    private func fault(of input: LegInput) -> String? {
        guard isAlive else { return nil }
        switch (input, state) {
        case (.answer, .offered), (.answer, .ringing), (.reject, .offered), (.reject, .ringing), (.ring, .offered), (.ring, .ringing): return nil
        case (.answer, _), (.reject, _), (.ring, _): return "a second final response"
        case (.acknowledge, .acknowledging): return nil
        case (.acknowledge, _): return "an answer in an ACK for no offer"
        case (.acceptOffer, _) where !hasOffer: return "an answer to no offer"
        case (.acceptTransfer, _) where machine.referral?.isOpen != true, (.refuseTransfer, _) where machine.referral?.isOpen != true:
            return "a response to no REFER"
        default: return nil
        }
    }

    /// Whether the phone's offer waits.
    private var hasOffer: Bool {
        switch state {
        case .established(_, .offeredToUs): true
        case .ringing(_, let early): early.offer != nil
        case .calling(_, _, let forks): forks.offer != nil
        default: false
        }
    }

    private func handle(_ input: LegInput) {
        let wasEstablished = isEstablished
        for action in machine.handle(input) { perform(action, wasEstablished: wasEstablished) }
    }

    private func perform(_ action: LegAction, wasEstablished: Bool) {
        switch action {
        case .report(let event): agent.onEvent(event)
        case .wait(let limit): wait(limit)
        case .close:
            wait(nil)
            agent.forget(self)
        case .respond(let status, _):
            sent.append("\(status)")
            if status >= 200, !wasEstablished { finalResponses += 1 }
        case .refuse(let response):
            sent.append("\(response.status)")
            if !wasEstablished { finalResponses += 1 }
        case .bye:
            if isReferring, isEndedByCore { agent.violations.append("\(id): BYE before the last NOTIFY") }
            sent.append("BYE")
        case .cancel(let reason): sent.append(reason == .answeredElsewhere ? "CANCEL elsewhere" : "CANCEL")
        case .sendInfo:
            openInfos += 1
            sent.append("INFO")
        case .acknowledge(let sdp): sent.append(sdp == nil ? "ACK" : "ACK answer")
        case .reinvite(let sdp): sent.append(sdp == nil ? "re-INVITE" : "re-INVITE offer")
        case .notify(let fragment):
            sent.append("NOTIFY \(fragment.status)")
            if fragment.isLast { isReferring = false }
        case .respondToTransfer(let response, let isSilent):
            sent.append("\(response.status) to REFER")
            if response.status != 202 || isSilent { isReferring = false }
        case .respondToUpdate(let response, _): sent.append("\(response.status) to UPDATE")
        case .respondToPrack(let response, _): sent.append("\(response.status) to PRACK")
        case .prack: sent.append("PRACK")
        case .refreshLater: break
        }
    }

    /// The leg's time limits, as an endpoint has them.
    func wait(_ limit: LegAction.Limit?) {
        timer?.cancel()
        timer = nil
        let delay: Duration
        switch limit {
        case nil: return
        case .decision?: delay = .seconds(30)
        case .ringing?: delay = .seconds(600)
        case .transaction?: delay = .seconds(68)
        }
        timer = LoopTimer.schedule(after: delay) { [weak self] in self?.handle(.overdue) }
    }
}

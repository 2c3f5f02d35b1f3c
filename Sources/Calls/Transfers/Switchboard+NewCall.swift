internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import Routing
internal import SIP

/// Whom a transferred party is to call.
struct TransferOrder {
    let destinations: [RouteDestination]
    let dialled: String
    /// Further headers of the INVITEs.
    var headers: [CallOrigin.Header]
}

// The new call of a transfer, and the parties that go on in it.
extension Switchboard {
    /// Has the party at `seat` call somebody.
    func start(_ order: TransferOrder, of seat: Seat, by transferor: TransferRunner.Transferor) {
        let session = BrowserID.make()
        guard let caller = transferee(seat, at: .caller, session: session) else { return fail(transferor) }
        run([.caller: caller], to: .order(order), session: session, by: transferor)
    }

    /// Has two parties go on with each other: `first` is the caller.
    func join(_ first: Seat, _ second: Seat, by transferor: TransferRunner.Transferor) {
        let session = BrowserID.make()
        guard let caller = transferee(first, at: .caller, session: session), let callee = transferee(second, at: .callee, session: session)
        else { return fail(transferor) }
        run([.caller: caller, .callee: callee], to: .transferees, session: session, by: transferor)
    }

    /// A party that was to be transferred has no dialog.
    private func fail(_ transferor: TransferRunner.Transferor) {
        transferor.count(.failed)
        report(500, nil, to: transferor)
    }

    func run(
        _ transferees: [SessionSide: TransferRunner.Transferee], to newCall: TransferRunner.NewCall, session: String,
        by transferor: TransferRunner.Transferor
    ) {
        let transfer = TransferRunner(transferees, to: newCall, session: session, by: transferor, switchboard: self)
        transfers[ObjectIdentifier(transfer)] = transfer
        for case let phone as TransferredPhone in transferees.values.map(\.leg) { movingPhones[phone.leg] = phone }
        transfer.handle(.start)
    }

    /// The party at `seat`, with the leg by which it goes on in another call; nil where it has no dialog.
    func transferee(_ seat: Seat, at side: SessionSide, session: String) -> TransferRunner.Transferee? {
        guard let origin = seat.origin, let endpoint else { return nil }
        if let browser = seat.browser {
            let leg = TransferredBrowser(browser, side: side, session: session, origin: origin, api: api)
            return TransferRunner.Transferee(seat: seat, leg: leg, binding: nil)
        }
        guard let phone = seat.phone, let dialog = phone.dialog, let binding = sipLegs[dialog.leg] else { return nil }
        let leg = TransferredPhone(phone, offers: dialog, side: side, origin: origin, endpoint: endpoint)
        return TransferRunner.Transferee(seat: seat, leg: leg, binding: binding)
    }

    /// Makes the new call of a transfer; it has not begun.
    func makeCall(
        _ newCall: TransferRunner.NewCall, from caller: TransferRunner.Transferee, callee: TransferRunner.Transferee?, session: String
    ) throws(TransferFailure) -> CallController {
        let id = BrowserID.make(), origin = caller.leg.origin
        let plan: CallPlan
        var context: CallContext?
        var inherited: [SessionSide: DialogInheritance] = [:]
        inherited[.caller] = caller.inheritance
        if case .order(let order) = newCall {
            let made = CallContext(
                call: id, session: session, callerType: caller.type, origin: origin, dialled: order.dialled, maxForwards: nil,
                calling: (caller.leg as? TransferredBrowser)?.client, flow: (caller.leg as? TransferredPhone)?.flow, callerProfile: caller.profile,
                inherited: inherited, headers: order.headers)
            plan = planner.plan(order.destinations, made)
            context = made
        } else if let callee {
            plan = CallPlan(joining: callee, type: caller.type, caller: caller.profile)
            inherited[.callee] = callee.inheritance
        } else {
            throw TransferFailure(end: .notReachable)
        }
        if let refusal = plan.refusal { throw TransferFailure(end: refusal) }
        let sessions = sessions.create(
            id: session, branches: plan.branches, call: id, subscriber: (caller.leg as? TransferredBrowser)?.client.id, inherited: inherited)
        guard let first = sessions[1] else { throw TransferFailure(end: .notReachable) }
        let call = CallController(
            id: id, session: first, sessions: sessions, caller: caller.leg, origin: origin, plan: plan, limits: limits, log: log)
        log.info("call by transfer", metadata: ["call": "\(id)", "from": "\(origin.user)"])
        call.context = context
        return call
    }

    // MARK: What a transfer asks for

    /// Has the events of a phone's dialog go to this call.
    func bind(_ leg: any TransferredLeg, to binding: SIPBinding?) {
        guard let phone = leg as? TransferredPhone, let binding, !binding.call.isEnded else { return }
        sipLegs[phone.leg] = binding
    }

    /// The transfer no longer hears of the party's dialog.
    func release(_ leg: any TransferredLeg) {
        guard let phone = leg as? TransferredPhone, movingPhones[phone.leg] === phone else { return }
        movingPhones[phone.leg] = nil
    }

    func remove(_ transfer: TransferRunner) { transfers[ObjectIdentifier(transfer)] = nil }

    /// Tells who has asked for a transfer how it goes: a SIP status and its words.
    func report(_ status: Int, _ reason: String?, to transferor: TransferRunner.Transferor) {
        switch transferor {
        case .phone(let leg): endpoint?.reportTransfer(leg, status: status, phrase: reason)
        case .client(let client, let call):
            var body: [String: JSONValue] = ["status": .integer(status)]
            body["reason"] = reason.map(JSONValue.string)
            api?.publish(.call(call, "transfer", .object(body)), owners: [client.user.name], creator: client.id)
        case .replaced: break
        }
    }
}

// The seat's call may be over by now: the leg says what sits there.
extension TransferRunner.Transferee {
    fileprivate var type: SDPType { leg is TransferredBrowser ? .webrtc : .rtp }
    fileprivate var profile: SIPProfile? { seat.call.session.profiles[seat.side] }
    fileprivate var inheritance: DialogInheritance? { seat.call.session.inheritance(of: seat.side) }
}

extension CallPlan {
    /// The one party that is called is there already.
    ///
    /// - Parameter caller: What is said to a phone that calls.
    init(joining callee: TransferRunner.Transferee, type: SDPType, caller: SIPProfile?) {
        self.init()
        var profiles: [SessionSide: SIPProfile] = [:]
        profiles[.caller] = caller
        profiles[.callee] = callee.profile
        add([(callee.leg, Branch(kind: .proxy(caller: type, callee: callee.type), profiles: profiles))])
    }
}

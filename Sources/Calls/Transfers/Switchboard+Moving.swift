internal import BrowserAPI
internal import EventLoop
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
    func start(_ order: TransferOrder, of seat: Seat, report: @escaping @LoopActor (Int, String?) -> Void) {
        let session = BrowserID.make()
        guard let leg = movedLeg(from: seat, session: session) else { return report(500, nil) }
        let transfer = Transfer([Transfer.Mover(seat: seat, leg: leg)], report: report)
        whenOffered(leg, from: seat) { [weak self] result in
            switch result {
            case .failed(let end): transfer.fail(end)
            case .made(let offer): self?.call(order, transfer, seat, leg, session: session, offer: offer)
            }
        }
    }

    private func call(
        _ order: TransferOrder, _ transfer: Transfer, _ seat: Seat, _ leg: any TransferredLeg, session: String,
        offer: MediaDescriptionObject
    ) {
        // The party may be gone by now.
        guard !transfer.isOver else { return }
        let id = BrowserID.make()
        var context = Context(
            call: id, session: session, callerType: leg is TransferredBrowser ? .webrtc : .rtp, origin: leg.origin, dialled: order.dialled,
            maxForwards: nil, calling: (leg as? TransferredBrowser)?.client, flow: (leg as? TransferredPhone)?.flow,
            callerProfile: seat.call.session.profiles[seat.side], headers: order.headers)
        context.inherited[.caller] = seat.call.session.inheritance(of: seat.side)
        let plan = plan(order.destinations, context)
        if let refusal = plan.refusal { return transfer.fail(refusal) }
        connect(id, session: session, plan, transfer, caller: leg, context: context, offer: offer, inherited: [
            .caller: seat.call.session.inheritance(of: seat.side),
        ])
    }

    /// Has two parties go on with each other: `first` is the caller.
    func join(_ first: Seat, _ second: Seat, report: @escaping @LoopActor (Int, String?) -> Void) {
        let session = BrowserID.make()
        guard let caller = movedLeg(from: first, session: session), let callee = movedLeg(from: second, session: session) else {
            return report(500, nil)
        }
        let transfer = Transfer([.init(seat: first, leg: caller), .init(seat: second, leg: callee)], report: report)
        let plan = CallPlan(joining: callee, at: second, type: first.type, caller: first.call.session.profiles[first.side])
        whenOffered(caller, from: first) { [weak self] result in
            switch result {
            case .failed(let end): transfer.fail(end)
            case .made where transfer.isOver: break
            case .made(let offer):
                self?.connect(
                    BrowserID.make(), session: session, plan, transfer, caller: caller, context: nil, offer: offer, inherited: [
                        .caller: first.call.session.inheritance(of: first.side),
                        .callee: second.call.session.inheritance(of: second.side),
                    ])
            }
        }
    }

    /// Makes the new call, and begins it.
    private func connect(
        _ id: String, session: String, _ plan: CallPlan, _ transfer: Transfer, caller: any TransferredLeg, context: Context?,
        offer: MediaDescriptionObject, inherited: [SessionSide: DialogInheritance?]
    ) {
        let origin = caller.origin
        let sessions = sessions.create(
            id: session, branches: plan.branches, call: id, subscriber: (caller as? TransferredBrowser)?.client.id,
            inherited: inherited.compactMapValues { $0 })
        guard let first = sessions[1] else { return transfer.fail(.notReachable) }
        let call = CallController(
            id: id, session: first, sessions: sessions, caller: caller, origin: origin, plan: plan, limits: limits, log: log)
        log.info("call by transfer", metadata: ["call": "\(id)", "from": "\(origin.user)"])
        call.context = context
        transfer.begin(call)
        begin(call, offer: offer.sdp, trickle: offer.trickleICE)
    }

    /// What a party offers for its new session: a phone what it said last, a browser when it was asked.
    private func whenOffered(
        _ leg: any TransferredLeg, from seat: Seat, _ done: @escaping @LoopActor (MovedOffer) -> Void
    ) {
        if let leg = leg as? TransferredBrowser { return leg.makeOffer(done) }
        guard let offer = (leg as? TransferredPhone)?.lastOffer else { return done(.failed(.nothingKnown)) }
        done(.made(MediaDescriptionObject(sdp: offer)))
    }

    /// The leg by which the party at `seat` goes on in another call.
    func movedLeg(from seat: Seat, session: String) -> (any TransferredLeg)? {
        guard let origin = seat.origin, let endpoint else { return nil }
        if let browser = seat.browser {
            let user = browser.client.user.name, client = browser.client.id
            let leg = TransferredBrowser(browser, session: session, origin: origin) { [weak self] event in
                self?.api?.publish(event, owners: [user], creator: client)
            }
            let former = browser.call
            leg.onSettled = { [weak self, weak call = seat.call] in self?.table.rename(former, to: call?.successor?.id) }
            return leg
        }
        guard let phone = seat.phone, let dialog = phone.dialog, let binding = sipLegs[dialog.leg] else { return nil }
        let callee = binding.callee
        return TransferredPhone(phone, offers: dialog, origin: origin, endpoint: endpoint, way: TransferredPhone.Way(
            there: { [weak self, weak call = seat.call] leg in self?.move(leg, to: call?.successor) },
            back: { [weak self, weak call = binding.call] leg in
                guard let self, let call, calls[call.id] != nil else { return }
                movingPhones[leg.leg] = leg
                sipLegs[leg.leg] = SIPBinding(call: call, callee: callee)
            },
            done: { [weak self] leg in if self?.movingPhones[leg.leg] === leg { self?.movingPhones[leg.leg] = nil } },
            returned: { [weak call = seat.call] ours, theirs in call?.handle(.returned(seat.side, sdp: ours, answer: theirs)) }))
    }

    /// The phone's events are for the new call from now on; where there is none yet, for the leg alone.
    private func move(_ leg: TransferredPhone, to call: CallController?) {
        guard sipLegs[leg.leg] != nil || movingPhones[leg.leg] != nil else { return }
        movingPhones[leg.leg] = leg
        guard let call else { return }
        let callee = call.callees.first { $0.value === leg }?.key
        sipLegs[leg.leg] = SIPBinding(call: call, callee: callee)
    }
}

extension Seat {
    fileprivate var type: SDPType { browser == nil ? .rtp : .webrtc }
}

extension CallPlan {
    /// The one party that is called, that at `seat`, is there already.
    ///
    /// - Parameter caller: What is said to a phone that calls.
    init(joining leg: any TransferredLeg, at seat: Seat, type: SDPType, caller: SIPProfile?) {
        self.init()
        var profiles: [SessionSide: SIPProfile] = [:]
        profiles[.caller] = caller
        profiles[.callee] = seat.call.session.profiles[seat.side]
        add([(leg, Branch(kind: .proxy(caller: type, callee: seat.type), profiles: profiles))])
    }
}

internal import BrowserAPI
internal import EventLoop
internal import Logging
internal import ProxyCore
internal import Routing
public import SIP
internal import SIPNames

extension Switchboard {
    /// Takes what happened on a SIP leg to the call that the leg belongs to.
    public func handle(_ event: SIPEvent) {
        if case .incoming(let leg, let invite) = event { return incoming(leg, invite) }
        if movingPhones[event.leg]?.takes(event) == true { return }
        guard let binding = sipLegs[event.leg] else { return refuse(event) }
        if case .transferRequested(let leg, let request) = event { return transfer(leg, request, in: binding) }
        if let callee = binding.callee {
            handle(event, ofCallee: callee, in: binding.call)
        } else {
            handle(event, ofCallerIn: binding.call)
        }
    }

    /// What a phone asks for that is in no call at the moment.
    private func refuse(_ event: SIPEvent) {
        switch event {
        case .transferRequested(let leg, _): endpoint?.refuseTransfer(leg, SIPResponse(status: 491))
        case .offer(let leg, _): endpoint?.rejectOffer(leg, SIPResponse(status: 491))
        default: break
        }
    }

    // MARK: New calls

    /// Looks at a new call before there is any state of it.
    public func screen(_ call: SIPNewCall, wasChallenged: Bool) -> SIPNewCall.Screening { admission.screen(call, wasChallenged: wasChallenged) }

    private func incoming(_ leg: SIPLegID, _ invite: SIPIncomingInvite) {
        let id = BrowserID.make()
        admission.identify(invite, onDelay: { [weak self] in self?.endpoint?.suspend(leg) }) { [weak self] result in
            guard let self else { return }
            var origin: CallOrigin?
            do throws(Admission.Refusal) {
                let caller = try result.get()
                origin = caller.origin
                if let replaces = invite.replaces { return try replace(replaces, by: leg, invite, caller) }
                try connect(leg, id, invite, caller, admission.admit(invite, from: caller))
            } catch {
                report(RefusedCall(id, invite, origin, error))
                endpoint?.reject(leg, error.response)
            }
        }
    }

    private func connect(
        _ leg: SIPLegID, _ id: String, _ invite: SIPIncomingInvite, _ caller: Admission.Caller, _ admitted: Admission.Admitted
    ) throws(Admission.Refusal) {
        guard let endpoint else { return }
        let origin = caller.origin
        let session = BrowserID.make()
        let context = CallContext(
            call: id, session: session, callerType: .rtp, origin: origin, dialled: admitted.dialled,
            maxForwards: max(0, invite.maxForwards - 1), flow: invite.flow, isProxied: invite.isProxied, contact: invite.contact.flatMap { SIPURI($0) }, route: admitted.routed.route, routedTo: admitted.routed.summary,
            isRecorded: admitted.routed.isRecorded, handedOn: caller.handedOn, userAgent: invite.userAgent)
        let plan = planner.plan(admitted.routed.destinations, context)
        let refusal = plan.refusal
        let branches = refusal == nil ? sessions.create(id: session, branches: plan.branches, call: id) : [:]
        guard refusal == nil, let first = branches[1] else {
            admitted.place?.leave()
            let end = refusal ?? .notReachable
            var refused = Admission.Refusal(end.sipResponse, end.reason)
            refused.details = Admission.Refusal.Details(words: plan.refusalWords, route: context.route, routedTo: context.routedTo)
            throw refused
        }
        let call = CallController(
            id: id, session: first, sessions: branches, caller: SIPCallerLeg(endpoint: endpoint, leg: leg, flow: invite.flow, place: admitted.place, node: caller.handedOn?.node),
            origin: origin, plan: plan, limits: limits, log: log)
        var fields: Logger.Metadata = [
            "call": "\(id)", "leg": "\(leg)", "dialled": "\(invite.requestUser)", "from": "\(invite.from.uri)",
            "by": "\(origin.source)", "source": "\(invite.source)", "sip_call_id": "\(invite.callID)",
        ]
        fields["node"] = caller.handedOn.map { "\($0.node)" }
        log.info(caller.handedOn == nil ? "call from a phone" : "call from another node", metadata: fields)
        call.context = context
        call.lineTest.note(invite)
        sipLegs[leg] = SIPBinding(call: call, callee: nil)
        // A node is none of an address that strangers share.
        if origin.source == .anonymous { strangers.insert(id, from: caller.handedOn == nil ? invite.flow?.peerAddress : nil) }
        begin(call, offer: invite.sdp.map { RemoteDescription(parsing: $0) })
    }

    // MARK: Legs of calls

    private func handle(_ event: SIPEvent, ofCallerIn call: CallController) {
        switch event {
        case .established, .offerCompleted: strangers.acknowledge(call.id)
        default: break
        }
        switch event {
        case .ended(let leg, let end):
            sipLegs[leg] = nil
            // A BYE before the answer is a CANCEL in other words (RFC 3261 section 15).
            let gaveUp = end.cause == .hungUp && !call.isEstablished
            call.handle(.callerEnded(gaveUp ? .cancelled : end.callEnd(by: .caller)))
        case .established(let leg):
            call.lineTest.note(endpoint?.setUp(of: leg))
            giveTickets(of: call)
        case .offer(_, let sdp?) where !call.isEstablished: call.handle(.party(.caller, .offeredEarly(RemoteDescription(parsing: sdp))))
        case .offer(_, nil): call.handle(.party(.caller, .offerWanted))
        case .offerCompleted(_, let sdp) where !call.isEstablished: call.handle(.callerAnswered(sdp.map { RemoteDescription(parsing: $0) }))
        default: exchange(event, side: .caller, in: call, leg: call.caller as? any SIPOfferingLeg)
        }
    }

    private func handle(_ event: SIPEvent, ofCallee leg: Call.Leg, in call: CallController) {
        switch event {
        case .provisional(_, let status, _, let sdp):
            (call.callees[leg] as? SIPCalleeLeg)?.rings()
            if let sdp { call.handle(.progress(leg, RemoteDescription(parsing: sdp))) } else if status >= 180 { call.handle(.ringing(leg)) }
        case .offer(_, let sdp?) where !call.isEstablished: call.handle(.party(.callee, .offeredEarly(RemoteDescription(parsing: sdp)), leg))
        case .offer(_, nil): call.handle(.party(.callee, .offerWanted, leg))
        case .answered(let id, let sdp):
            log.debug("phone answered", metadata: ["call": "\(call.id)", "leg": "\(id)"])
            call.handle(.accepted(leg, sdp.map { RemoteDescription(parsing: $0) }))
        case .rejected(let id, let status, let phrase, let reason):
            sipLegs[id] = nil
            call.noteRefusal(of: leg, status, phrase)
            if let phone = call.callees[leg] as? SIPCalleeLeg {
                // RFC 5626 section 5.3: the connection that it registered over is gone.
                if status == 430, let flow = phone.flow { registrar?.remove(flow: flow.description) }
                if phone.goesOn(after: status) { return }
            }
            // The failed flow is ours: to the caller it is a phone that is not there.
            call.handle(.calleeEnded(leg, status == 430 ? .notReachable : 
                CallEnd(status: status, reason: phrase, by: .callee, cause: reason.map(CallEnd.Cause.init))))
        case .redirected(let id, let status, let phrase, let contacts):
            sipLegs[id] = nil
            (call.callees[leg] as? SIPCalleeLeg)?.over()
            let end = CallEnd(status: status, reason: phrase, by: .callee, contacts: contacts)
            redirect(leg, of: call, to: contacts, instead: end)
        case .ended(let id, let end):
            sipLegs[id] = nil
            (call.callees[leg] as? any PhoneLeg)?.over()
            call.handle(.calleeEnded(leg, end.callEnd(by: .callee)))
        default: exchange(event, side: .callee, in: call, leg: call.callees[leg] as? any SIPOfferingLeg)
        }
    }

    /// Follows a redirection of a user's phone (RFC 3261 section 8.1.3.4: call forwarding), as if the user had dialled the targets; those of
    /// others are passed on.
    private func redirect(_ leg: Call.Leg, of call: CallController, to contacts: [String], instead end: CallEnd) {
        // One that another node hands on is forwarded by that one, which knows where everybody is.
        guard settings.followsRedirections, let origin = call.callees[leg]?.origin, case .user(let user) = origin.source,
            let context = call.context, !context.isFromNode, !context.takesPlace
        else { return call.handle(.calleeEnded(leg, end)) }
        let parties = planner.redirected(contacts, by: user, context, followed: &call.redirections) { uri in
            (try? admission.destinations(uri: uri, for: origin.source)) ?? []
        }
        guard let parties else {
            return call.handle(.calleeEnded(leg, CallEnd(status: 482, reason: "The call was forwarded too often", by: .gateway)))
        }
        log.info("call forwarded", metadata: ["call": "\(call.id)", "by": "\(user)", "legs": "\(parties.count)"])
        let session = call.session.id
        call.redirect(
            leg, to: parties, instead: CallEnd(status: 480, reason: CallEnd.words(for: 480), by: .callee),
            makeSession: { sessions.add($0, to: session, inherited: context.inherited) },
            tie: { number, leg in tie(leg, number, to: call) })
    }

    /// Offers and answers within an established dialog.
    private func exchange(_ event: SIPEvent, side: SessionSide, in call: CallController, leg: (any SIPOfferingLeg)?) {
        switch event {
        case .info(_, let info): receive(info, from: side, in: call)
        case .infoAnswered(_, let status): leg?.infos?.answered(status)
        case .offer(_, let sdp?): call.handle(.party(side, .offered(RemoteDescription(parsing: sdp))))
        case .offerWithdrawn: call.handle(.party(side, .withdrawn))
        case .offerCompleted(_, nil): call.handle(.party(side, .declined(.refused("the ACK brought no answer"))))
        case .offerAccepted(_, let sdp) where leg?.offerAccepted() == false:
            if let sdp { call.handle(.party(side, .refreshed(RemoteDescription(parsing: sdp)))) }
        case .offerAccepted(_, let sdp?), .offerCompleted(_, let sdp?): call.handle(.party(side, .answered(RemoteDescription(parsing: sdp))))
        case .offerAccepted(_, nil):
            call.handle(.party(side, .declined(.refused("the phone accepted the offer without an answer"))))
        case .offerRejected(_, let status, let phrase):
            guard leg?.offerRejected(status: status) != true else { return }
            if side == .caller { call.lineTest.noteFailedOffer(isOurs: true, "\(status) \(phrase)") }
            call.handle(.party(side, .declined(.refused("the phone refused: \(status) \(phrase)"))))
        default: break
        }
    }
}

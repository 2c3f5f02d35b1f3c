internal import BrowserAPI
internal import EventLoop
internal import ProxyCore
internal import SIP

extension Switchboard {
    /// Takes what happened on a SIP leg to the call that the leg belongs to.
    func handle(_ event: SIPEvent) {
        if case .incoming(let leg, let invite) = event { return incoming(leg, invite) }
        guard let binding = sipLegs[event.leg] else { return }
        if let callee = binding.callee {
            handle(event, ofCallee: callee, in: binding.call)
        } else {
            handle(event, ofCallerIn: binding.call)
        }
    }

    private func handle(_ event: SIPEvent, ofCallerIn call: CallController) {
        switch event {
        case .ended(let leg, let end):
            sipLegs[leg] = nil
            // A BYE before the answer is a CANCEL in other words (RFC 3261 section 15).
            let gaveUp = end.cause == .hungUp && !call.isEstablished
            call.handle(.callerEnded(gaveUp ? .cancelled : end.callEnd(by: .caller)))
        case .offerCompleted(_, let sdp) where !call.isEstablished: call.handle(.callerAnswered(sdp: sdp))
        default: exchange(event, side: .caller, in: call, leg: call.caller as? any SIPOfferingLeg)
        }
    }

    private func handle(_ event: SIPEvent, ofCallee leg: Call.Leg, in call: CallController) {
        switch event {
        case .provisional(_, _, _, let sdp?): call.handle(.progress(leg, sdp: sdp))
        case .provisional(_, let status, _, nil):
            if status >= 180 { call.handle(.ringing(leg)) }
        case .answered(let id, let sdp):
            log.debug("phone answered", metadata: ["call": "\(call.id)", "leg": "\(id)"])
            call.handle(.accepted(leg, sdp: sdp, trickle: false))
        case .rejected(let id, let status, let phrase, let reason):
            sipLegs[id] = nil
            call.handle(.calleeEnded(leg,
                CallEnd(status: status, reason: phrase, by: .callee, cause: reason.map(CallEnd.Cause.init))))
        case .ended(let id, let end):
            sipLegs[id] = nil
            call.handle(.calleeEnded(leg, end.callEnd(by: .callee)))
        default: exchange(event, side: .callee, in: call, leg: call.callees[leg] as? any SIPOfferingLeg)
        }
    }

    /// Offers and answers within an established dialog.
    private func exchange(_ event: SIPEvent, side: SessionSide, in call: CallController, leg: (any SIPOfferingLeg)?) {
        switch event {
        case .offer(_, let sdp?): call.handle(.offered(side, sdp: sdp, trickle: false))
        case .offer(_, nil): call.handle(.offerWanted(side))
        case .offerCompleted(_, nil): call.handle(.declined(side, .refused("the ACK brought no answer")))
        case .offerAccepted(_, let sdp) where leg?.offerAccepted() == false:
            if let sdp { call.handle(.refreshed(side, sdp: sdp)) }
        case .offerAccepted(_, let sdp?), .offerCompleted(_, let sdp?): call.handle(.answered(side, sdp: sdp, trickle: false))
        case .offerAccepted(_, nil):
            call.handle(.declined(side, .refused("the phone accepted the offer without an answer")))
        case .offerRejected(_, let status, let phrase):
            guard leg?.offerRejected(status: status) != true else { return }
            call.handle(.declined(side, .refused("the phone refused: \(status) \(phrase)")))
        default: break
        }
    }

    // MARK: Incoming calls

    private func incoming(_ leg: SIPLegID, _ invite: SIPIncomingInvite) {
        guard let endpoint else { return }
        switch admit(invite) {
        case .failure(let refusal):
            log.info("call refused", metadata: [
                "leg": "\(leg)", "status": "\(refusal.response.status)", "dialled": "\(invite.requestUser)",
                "source": "\(invite.source)",
            ])
            endpoint.reject(leg, refusal.response)
        case .success(let destinations):
            connect(leg, invite, to: destinations, endpoint: endpoint)
        }
    }

    private struct Refusal: Error {
        let response: SIPResponse

        init(_ status: Int, phrase: String? = nil, warning: String? = nil, retryAfter: Int? = nil) {
            response = SIPResponse(status: status, phrase: phrase, warning: warning, retryAfter: retryAfter)
        }
    }

    /// Whether the call can be taken, and where to.
    private func admit(_ invite: SIPIncomingInvite) -> Result<[RouteDestination], Refusal> {
        guard !isDraining else { return .failure(Refusal(503, retryAfter: 10)) }
        let request = RoutingRequest(source: .anonymous, dialled: invite.requestUser, domain: invite.requestHost)
        let destinations: [RouteDestination]
        switch routing.decide(request) {
        case .targets(let found, _): destinations = found
        case .none: return .failure(Refusal(404))
        case .forbidden, .challenge: return .failure(Refusal(403))
        }
        if case .reject(let status, let phrase)? = destinations.first { return .failure(Refusal(status, phrase: phrase)) }
        if ownAddresses.contain(source: invite.source, invite.transport) { return .failure(Refusal(482)) }
        for case .sip(let uri, _) in destinations where ownAddresses.contain(uri: uri) { return .failure(Refusal(482)) }
        guard sessions.count < configuration.sip.maximumCalls, media.isReady else {
            return .failure(Refusal(503, retryAfter: 5))
        }
        return .success(destinations)
    }

    private func connect(
        _ leg: SIPLegID, _ invite: SIPIncomingInvite, to destinations: [RouteDestination], endpoint: SIPEndpoint
    ) {
        let (id, session) = (BrowserID.make(), BrowserID.make())
        let caller = CallParty(
            id: invite.from.user.isEmpty ? invite.from.uri : invite.from.user, name: invite.from.displayName)
        let plan = plan(destinations, Context(
            call: id, session: session, callerType: .rtp, caller: caller, dialled: invite.requestUser,
            maxForwards: max(0, invite.maxForwards - 1)))
        if let refusal = plan.refusal { return endpoint.reject(leg, refusal.sipResponse) }
        let branches = sessions.create(id: session, branches: plan.branches)
        guard let first = branches[1] else { return endpoint.reject(leg, CallEnd.notReachable.sipResponse) }
        let call = CallController(
            id: id, session: first, sessions: branches, caller: SIPCallerLeg(endpoint: endpoint, leg: leg), plan: plan,
            limits: limits, log: log)
        log.info("call from a phone", metadata: [
            "call": "\(id)", "leg": "\(leg)", "dialled": "\(invite.requestUser)", "from": "\(invite.from.uri)",
            "source": "\(invite.source)", "sip_call_id": "\(invite.callID)",
        ])
        sipLegs[leg] = SIPBinding(call: call, callee: nil)
        begin(call, users: [], caller: nil, offer: invite.sdp, trickle: false)
    }
}

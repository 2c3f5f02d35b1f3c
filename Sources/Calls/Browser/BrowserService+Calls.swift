internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import Media
internal import ProxyCore
internal import Routing
internal import SIP

extension BrowserService {
    func startCall(_ command: StartCall, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        guard case .recovery(let token) = command.target else { return try startCall(command, nil, client, reply) }
        let ticket = try switchboard.ticket(token, of: client.user.name)
        LoopActor.task { [self] in
            let former = await switchboard.former(of: ticket)
            do throws(APIError) {
                switch former {
                case _ where switchboard.isStopping: throw APIError(.shuttingDown)
                case .gone: break
                case .there: throw APIError(.wrongState, "`recovery`: the gateway that has the call is there: resume at that one")
                case .unknown: throw APIError(.mediaUnavailable, "`recovery`: the gateway that had the call cannot be asked at the moment")
                }
                guard switchboard.api?.client(client.id) === client else { throw APIError(.wrongState, "the client has logged out") }
                guard switchboard.seat(namedBy: ticket) != nil || ticket.node == switchboard.others?.name || switchboard.isAllowed(ticket) else { throw APIError(.unknownDestination, "`recovery`: the phone's Contact leads elsewhere") }
                try startCall(command, ticket, client, reply)
            } catch {
                reply.fail(error)
            }
        }
    }

    private func startCall(_ command: StartCall, _ ticket: RecoveryTicket?, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let id = BrowserID.make()
        var details = Admission.Refusal.Details()
        do throws(APIError) {
            try place(command, ticket, id, client, reply, &details)
        } catch {
            switchboard.report(RefusedCall(id, ticket?.party.id ?? command.dest, by: client, error, details))
            throw error
        }
    }

    /// - Parameter details: What is found out about the call, should it be refused.
    private func place(
        _ command: StartCall, _ ticket: RecoveryTicket?, _ call: String, _ client: BrowserClient, _ reply: BrowserReply,
        _ details: inout Admission.Refusal.Details
    ) throws(APIError) {
        // One that takes a place is no new call: who drains a gateway lets calls end in their own way.
        guard !switchboard.isDraining || ticket != nil else { throw APIError(.shuttingDown) }
        let routed: Admission.Routed
        if let ticket {
            routed = Admission.Routed(destinations: [], isRecorded: ticket.isRecorded)
        } else {
            do throws(APIError) {
                routed = try switchboard.admission.route(of: command.dest, command.type, by: client.user.name)
            } catch {
                if error.known == .unknownDestination { details = switchboard.admission.explanation(of: command.dest, command.type, by: client.user.name) }
                throw error
            }
        }
        let dialled = ticket?.party.id ?? command.dest
        details = Admission.Refusal.Details(route: routed.route, routedTo: routed.summary)
        let offer: RemoteDescription, callerName: String?
        let adopted: SessionRegistry.Entry?
        switch command.source {
        case .offer(let object):
            guard object.sdpType == .webrtc else { throw APIError(.invalidField, "`offer.sdp_type` must be \"webrtc\"") }
            (offer, callerName, adopted) = (object.description, object.callerName, nil)
        case .session(let id):
            let (entry, first) = try adoptable(id, for: client)
            (offer, callerName, adopted) = (first, nil, entry)
        }
        let session = adopted?.session.id ?? BrowserID.make()
        let origin = CallOrigin(
            source: .user(client.user.name), user: client.user.name,
            displayName: callerName ?? client.user.displayName)
        let context = CallContext(
            call: call, session: session, callerType: adopted?.session.kind.callerType ?? .webrtc, origin: origin,
            dialled: dialled, calling: client, route: routed.route, routedTo: ticket.map(\.dialog.target) ?? routed.summary, isRecorded: routed.isRecorded,
            takesPlace: ticket != nil)
        let start = Switchboard.BrowserCall(
            client: client, id: call, dialled: dialled, recovered: ticket?.dialog.replaces.callID, offer: offer, subscribe: command.subscribe, reply: reply,
            context: context)
        if let ticket, let seat = switchboard.seat(namedBy: ticket) {
            return try switchboard.start(start, inPlaceOf: seat, options: command.options)
        }
        // It was a leg of ours, and is over.
        guard ticket?.node == nil || ticket?.node != switchboard.others?.name else { throw APIError(.unknownDestination, "the other party has hung up") }
        let plan = ticket.map { switchboard.planner.plan(recovering: $0, context) } ?? switchboard.planner.plan(
            routed.destinations, context,
            only: adopted.map { CallPlan.Branch(kind: $0.session.kind, profiles: $0.session.profiles) })
        if let refusal = plan.refusal {
            (details.words, details.end) = (plan.refusalWords, refusal)
            guard adopted == nil else {
                throw APIError(.wrongState, "`session_id`: nobody whom the session's offer is for is reached by this destination")
            }
            throw refusal.apiError
        }
        if let adopted {
            // They act once the session is answered; clients hear of it by `updated`.
            if !command.options.isEmpty { adopted.session.update(command.options) { _ in } }
            apiSessions.removeValue(forKey: session)?.handOver()
            try switchboard.start(start, plan: plan, sessions: [1: adopted.session])
        } else {
            try switchboard.start(start, plan: plan, sessions: makeSessions(session, of: call, plan, command, client))
        }
    }

    /// The sessions of a new call, after the checks that every start goes through.
    private func makeSessions(
        _ id: String, of call: String, _ plan: CallPlan, _ command: StartCall, _ client: BrowserClient
    ) throws(APIError) -> [Call.Branch: any MediaSession] {
        try switchboard.admission.checkRoom(forClientOf: client.user.name)
        return sessions.create(
            id: id, branches: plan.branches, call: call, options: command.options, subscriber: command.subscribe ? client.id : nil)
    }

    /// A proxy session that the client started before and that has not been answered, and the offer that it was started with.
    private func adoptable(_ id: String, for client: BrowserClient) throws(APIError) -> (SessionRegistry.Entry, RemoteDescription) {
        let entry = try sessions.entry(id, for: client, .control)
        guard entry.call == nil, entry.session.pendingOffer != nil, !entry.session.isEstablished, let own = apiSessions[id], !own.isBusy else {
            throw APIError(.wrongState, "`session_id`: the session does not wait for an answer")
        }
        return (entry, own.firstOffer)
    }

    func ringCall(_ command: RingCall, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let (call, leg) = try switchboard.called(command.callID, client)
        guard let answer = command.answer else {
            call.handle(.ringing(leg))
            return reply.ok([:])
        }
        guard let callee = call.callees[leg] as? BrowserCalleeLeg, callee.ringing(reply) else {
            throw APIError(.wrongState, "early media of this call is being processed")
        }
        call.handle(.progress(leg, answer.description))
        switchboard.releaseCandidates(of: leg, in: call)
    }

    func answerCall(_ command: AnswerCall, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let (call, leg) = try switchboard.called(command.callID, client)
        guard let callee = call.callees[leg] as? BrowserCalleeLeg, callee.answering(reply) else {
            throw APIError(.wrongState, "an answer to this call is being processed")
        }
        let (object, isOffer) =
            switch command.description {
            case .answer(let answer): (answer, false)
            case .offer(let offer): (offer, true)
            }
        guard isOffer == call.wantsOffer else {
            callee.refuse(.state(isOffer ? "the call came with an offer: answer it" : "the call came without an offer: make one"))
            return
        }
        call.handle(.accepted(leg, object.description))
        switchboard.releaseCandidates(of: leg, in: call)
    }

    /// `hold_call` and `resume_call`.
    func holdCall(_ command: HoldCall, _ isOn: Bool, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let (call, side) = try switchboard.side(command.side, of: command.callID, for: client)
        call.session.hold(by: side, isOn) { result in
            switch result {
            case .success: reply.ok([:])
            case .failure(let failure): reply.fail(failure.apiError)
            }
        }
    }

    func sendDTMF(_ command: SendDTMF, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        let (call, side) = try switchboard.side(command.side, of: command.callID, for: client)
        let digits = command.digits.map { SIPDigit($0, duration: command.duration) }
        switchboard.press(digits, by: side, in: call, reply)
    }

    func transferCall(_ command: TransferCall, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        do throws(APIError) {
            switch command.target {
            case .dest(let dest): try switchboard.transfer(command.callID, to: dest, by: client)
            case .call(let other): try switchboard.transfer(command.callID, toCall: other, by: client)
            }
        } catch {
            TransferRunner.Transferor.client(client, call: command.callID).count(.refused)
            throw error
        }
        reply.ok([:])
    }

    /// `reject_call` and `hangup_call`: whatever ends the client's part in the call.
    func endCall(
        _ command: EndCall, _ right: CallTable.Right, _ client: BrowserClient, _ reply: BrowserReply, otherwise code: Int
    ) throws(APIError) {
        let (call, role) = try switchboard.call(command.callID, for: client, right)
        reply.ok([:])
        switchboard.hangUp(
            call, as: role, user: client.user.name, Switchboard.Farewell(status: command.code ?? code, reason: command.reason))
    }
}

internal import BrowserAPI
internal import EventLoop
internal import Logging
internal import Media
internal import ProxyCore
internal import Routing

extension Switchboard {
    /// What a client's call needs besides its destination.
    struct BrowserCall {
        let client: BrowserClient
        let id: String
        let dialled: String
        /// The Call-ID of the dialog whose place the call takes; nil for a new one.
        let recovered: String?
        let offer: RemoteDescription
        let subscribe: Bool
        let reply: BrowserReply
        let context: CallContext
    }

    /// Starts a call of a client, with a session for each branch of the plan, the first of which is 1.
    func start(_ start: BrowserCall, plan: CallPlan, sessions: [Call.Branch: any MediaSession]) throws(APIError) {
        guard let call = makeCall(start, plan: plan, sessions: sessions) else { throw APIError(.unknownDestination) }
        begin(call, offer: start.offer)
    }

    /// A call of a client, which has not begun; nil without a session.
    func makeCall(_ start: BrowserCall, plan: CallPlan, sessions: [Call.Branch: any MediaSession]) -> CallController? {
        guard let session = sessions[1] else { return nil }
        let (id, client) = (start.id, start.client)
        let user = client.user.name
        let creator = start.subscribe ? client.id : nil
        let leg = BrowserCallerLeg(
            call: id, session: session.id, client: client, subscriber: creator, reply: start.reply
        ) { [weak self] event in
            self?.api?.publish(event, owners: [user], creator: creator)
        }
        let call = CallController(
            id: id, session: session, sessions: sessions, caller: leg, origin: start.context.origin, plan: plan, limits: limits, log: log)
        call.context = start.context
        var fields: Logger.Metadata = ["call": "\(id)", "user": "\(user)", "dest": "\(start.dialled)"]
        fields["replaced_call_id"] = start.recovered.map { "\($0)" }
        log.info(start.recovered == nil ? "call from a browser" : "call in the place of a node that is gone", metadata: fields)
        return call
    }

    /// The call that `client` is being called by, and the client's leg of it.
    func called(_ id: String, _ client: BrowserClient) throws(APIError) -> (CallController, Call.Leg) {
        guard case (let call, .ringing(let leg)) = try call(id, for: client, .answer) else { throw .notYours(field: "call_id") }
        return (call, leg)
    }

    /// Takes a client's offer to change the session of its call. `reply` gets the answer.
    func offer(
        _ offer: RemoteDescription, in id: String, by client: BrowserClient, reply: BrowserReply
    ) throws(APIError) {
        let (call, role) = try call(id, for: client, .negotiate, field: "session_id")
        guard call.isEstablished else { throw APIError(.wrongState, "the call is not established") }
        let (side, leg): (SessionSide, (any CallLeg)?) =
            switch role {
            case .answered(let leg): (.callee, call.callees[leg])
            default: (.caller, call.caller)
            }
        guard let offers = (leg as? any BrowserLeg)?.offers, offers.offering(reply) else {
            throw APIError(.wrongState, "another offer is being answered")
        }
        call.handle(.party(side, .offered(offer)))
    }

    /// Takes a candidate of a client in a call; one that comes before the client's answer is kept for that.
    func candidate(
        _ candidate: TrickledCandidate, in id: String, by client: BrowserClient, side wanted: SessionSide?,
        to sessions: [any MediaSession]
    ) throws(APIError) {
        let (call, role) = try call(id, for: client, .negotiate, field: "session_id")
        guard wanted.map(role.sides.contains) ?? true else { throw .notYours(field: "side") }
        if case .ringing(let leg) = role, call.mediaLeg != leg {
            guard (call.callees[leg] as? BrowserCalleeLeg)?.keep(candidate) == true else {
                throw APIError(.wrongState, "too many candidates before the answer")
            }
            return
        }
        try trickle(candidate, from: role == .caller ? .caller : .callee, to: sessions)
    }

    /// Gives the session the candidates that a client sent before its answer, if its answer has been taken.
    func releaseCandidates(of leg: Call.Leg, in call: CallController) {
        guard call.mediaLeg == leg, let callee = call.callees[leg] as? BrowserCalleeLeg else { return }
        for candidate in callee.takeCandidates() { _ = call.session.trickle(candidate, from: .callee) }
    }

    private func trickle(_ candidate: TrickledCandidate, from side: SessionSide, to sessions: [any MediaSession]) throws(APIError) {
        let failures = sessions.map { $0.trickle(candidate, from: side) }
        if let failure = failures.compactMap({ $0 }).first, failures.allSatisfy({ $0 != nil }) { throw failure.apiError }
    }

    /// The side of an established call that a client speaks for: its own where it is a party, else the one that it names among those that
    /// it may speak for.
    func side(_ wanted: SessionSide?, of id: String, for client: BrowserClient) throws(APIError) -> (CallController, SessionSide) {
        let (call, role) = try call(id, for: client, .control)
        guard let side = wanted ?? role.sides.first, role.sides.contains(side) else { throw .notYours(field: "side") }
        guard call.isEstablished else { throw APIError(.wrongState, "the call is not established") }
        return (call, side)
    }

    /// What a client says of the end of a call.
    struct Farewell {
        /// The SIP status, 200 to 699.
        var status: Int
        var reason: String?
        /// What it said in place of a status.
        var code: Int?

        func end(_ status: Int, by party: CallEnd.Party) -> CallEnd {
            CallEnd(status: status, reason: reason ?? CallEnd.words(for: status), by: party, code: code)
        }
    }

    /// A client cancels, rejects or hangs up: for its own leg where it is a party, else for its user's side; an admin for the gateway.
    func hangUp(_ call: CallController, as role: CallTable.Role, user: String, _ farewell: Farewell) {
        let refusal = farewell.status >= 300 ? farewell.status : 603
        let status = call.isEstablished ? farewell.status : refusal
        switch role {
        case .caller: hangUpCaller(of: call, farewell)
        case .watching(let sides) where sides.first == .caller: hangUpCaller(of: call, farewell)
        case .ringing(let leg): call.handle(.calleeEnded(leg, farewell.end(refusal, by: .callee)))
        case .answered(let leg): call.handle(.calleeEnded(leg, farewell.end(status, by: .callee)))
        case .watching:
            if let leg = call.taker { return call.handle(.calleeEnded(leg, farewell.end(status, by: .callee))) }
            call.handle(.dismissed(table.ringing(user, in: call.id), farewell.end(refusal, by: .callee)))
        case .admin: call.handle(.terminate(farewell.end(status, by: .gateway)))
        }
    }

    private func hangUpCaller(of call: CallController, _ farewell: Farewell) {
        guard !call.isEstablished else { return call.handle(.callerEnded(farewell.end(farewell.status, by: .caller))) }
        let cancelled = CallEnd.cancelled
        call.handle(.callerEnded(CallEnd(
            status: cancelled.status, reason: farewell.reason ?? cancelled.reason, by: .caller, code: farewell.code)))
    }

    /// A client is gone for good: the calls in which it is a party go on without it, or end. Others are none of its own.
    func ended(_ client: BrowserClient) {
        for call in Array(calls.values) {
            switch table.role(of: client.place, in: call.id) {
            case .caller:
                let end = CallEnd(status: 480, reason: "The browser is gone", by: .caller)
                call.handle(.callerEnded(call.isEstablished ? end : .cancelled))
            case .ringing(let leg), .answered(let leg):
                call.handle(.calleeEnded(leg, CallEnd(status: 480, reason: "The browser is gone", by: .callee)))
            case .watching, .admin, nil: break
            }
        }
    }
}

internal import BrowserAPI
internal import EventLoop
internal import ProxyCore

extension Switchboard {
    /// Where a browser's call goes, in the order in which it is tried.
    func destinations(
        of dest: String, _ type: StartCall.Kind? = nil, by client: BrowserClient
    ) throws(APIError) -> [RouteDestination] {
        guard !isDraining else { throw APIError(.shuttingDown) }
        let scheme = dest.prefix { $0 != ":" }.lowercased()
        let isURI = dest.contains(":") && ["sip", "sips", "tel"].contains(scheme)
        switch type {
        case .user:
            guard isUser(dest) else { break }
            return [.user(dest)]
        case .sip where isURI && scheme != "tel", nil where isURI && scheme != "tel":
            guard configuration.calls.allowsDirectURIs else {
                throw APIError(.unknownDestination, "`dest`: URIs of other domains are not called here: dial a name or a number")
            }
            return [.sip(uri: try elsewhere(dest))]
        case .sip, nil:
            let dialled = DialledNumber.plain(isURI ? String(dest.drop { $0 != ":" }.dropFirst()) : dest, isName: isUser)
            let request = RoutingRequest(
                source: .user(client.user.name), dialled: dialled, domain: configuration.sip.domain)
            guard case .targets(let destinations, _) = routing.decide(request, isGuest: isGuest) else { break }
            for case .sip(let uri, _) in destinations { _ = try elsewhere(uri) }
            return destinations
        }
        throw APIError(.unknownDestination, "`dest`: nobody is reached by \"\(dest.prefix(64))\"")
    }

    /// `uri`, if it can be called and does not lead back here.
    private func elsewhere(_ uri: String) throws(APIError) -> String {
        let uri = try DialledURI.checked(uri)
        guard !DialledURI.needsTLS(uri) || configuration.sip.listen.contains(where: { $0.transport == .tls }) else {
            throw APIError(.notSupported, "`dest`: this gateway has no listener with TLS, which the URI asks for")
        }
        guard !ownAddresses.contain(uri: uri) else {
            throw APIError(.unknownDestination, "`dest`: \(uri.prefix(64)) is this gateway itself: dial the user alone")
        }
        return uri
    }

    /// What a client's call needs besides its destination.
    struct BrowserCall {
        let client: BrowserClient
        let id: String
        let dialled: String
        /// Absent when the session has been started before.
        let offer: MediaDescriptionObject?
        let subscribe: Bool
        let reply: BrowserReply
        let context: Context
    }

    /// Starts a call of a client, with a session for each branch of the plan, the first of which is 1.
    func start(_ start: BrowserCall, plan: CallPlan, sessions: [Call.Branch: MediaSession]) throws(APIError) {
        guard let session = sessions[1] else { throw APIError(.unknownDestination) }
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
        log.info("call from a browser", metadata: [
            "call": "\(id)", "user": "\(user)", "dest": "\(start.dialled)",
        ])
        begin(call, users: [user], caller: client, offer: start.offer?.sdp ?? "", trickle: start.offer?.trickleICE ?? false)
    }

    /// The call that `client` is being called by, and the client's leg of it.
    func called(_ id: String, _ client: BrowserClient) throws(APIError) -> (CallController, Call.Leg) {
        guard let entry = entry(id) else { throw .unknownCall() }
        guard let leg = entry.callees[client.id] else { throw .notYours(field: "call_id") }
        return (entry.call, leg)
    }

    /// Takes a client's offer to change the session of its call. `reply` gets the answer.
    func offer(
        _ description: MediaDescriptionObject, in id: String, by client: BrowserClient, reply: BrowserReply
    ) throws(APIError) {
        guard let entry = entry(id) else { throw .unknownCall() }
        let side: SessionSide
        let offers: BrowserOffers?
        if let leg = entry.callees[client.id] {
            side = .callee
            offers = (entry.call.callees[leg] as? any BrowserLeg)?.offers
        } else {
            guard entry.caller === client else { throw .notYours(field: "session_id") }
            side = .caller
            offers = (entry.call.caller as? any BrowserLeg)?.offers
        }
        guard let offers, offers.offering(reply) else {
            throw APIError(.wrongState, "another offer is being answered")
        }
        guard entry.call.isEstablished else { return offers.refuseOffer(.state("the call is not established")) }
        entry.call.handle(.offered(side, sdp: description.sdp, trickle: description.trickleICE))
    }

    func checkAccess(_ id: String, _ client: BrowserClient) throws(APIError) {
        guard let entry = entry(id) else { throw .unknownCall() }
        guard entry.caller === client || entry.callees[client.id] != nil || client.user.isAdmin
            || entry.users.contains(client.user.name)
        else { throw .notYours(field: "call_id") }
    }

    /// The side of an established call that a client speaks for: its own where it is at an end of it, else the one that it names,
    /// else its user's.
    func side(_ wanted: SessionSide?, of id: String, for client: BrowserClient) throws(APIError) -> (CallController, SessionSide) {
        try checkAccess(id, client)
        guard let entry = entry(id) else { throw .unknownCall() }
        let own: SessionSide? = entry.callees[client.id] != nil ? .callee : entry.caller === client ? .caller : nil
        guard own == nil || wanted == nil || wanted == own else { throw .notYours(field: "side") }
        guard entry.call.isEstablished else { throw APIError(.wrongState, "the call is not established") }
        if let leg = entry.callees[client.id], leg != entry.call.answerer {
            throw APIError(.wrongState, "another party has the call")
        }
        return (entry.call, own ?? wanted ?? (entry.caller?.user.name == client.user.name ? .caller : .callee))
    }

    /// A client rejects, cancels or hangs up. One that has no part in the call, but may touch it, speaks for its user's side,
    /// and an admin for the gateway.
    func hangUp(_ id: String, client: BrowserClient, status: Int, reason: String?) {
        guard let entry = entry(id) else { return }
        let answered = entry.call.isEstablished
        let isCaller = entry.caller === client || entry.caller?.user.name == client.user.name
        if entry.callees[client.id] == nil, isCaller {
            let end = CallEnd(status: status, reason: reason ?? CallEnd.words(for: status), by: .caller)
            entry.call.handle(.callerEnded(answered ? end : .cancelled))
            return
        }
        let status = answered || status >= 300 ? status : 603
        let words = reason ?? CallEnd.words(for: status)
        if let leg = entry.callees[client.id] {
            entry.call.handle(.calleeEnded(leg, CallEnd(status: status, reason: words, by: .callee)))
        } else {
            let by: CallEnd.Party = entry.users.contains(client.user.name) ? .callee : .gateway
            entry.call.handle(.terminate(CallEnd(status: status, reason: words, by: by)))
        }
    }

    /// A client is gone for good: whatever it had a part in goes on without it, or ends.
    func ended(_ client: BrowserClient) {
        for entry in Array(calls.values) {
            if let leg = entry.callees[client.id] {
                entry.call.handle(.calleeEnded(leg, CallEnd(status: 480, reason: "The browser is gone", by: .callee)))
            } else if entry.caller === client {
                let end = CallEnd(status: 480, reason: "The browser is gone", by: .caller)
                entry.call.handle(.callerEnded(entry.call.isEstablished ? end : .cancelled))
            }
        }
    }

    /// The ids of the calls that `client` has a part in.
    func list(of client: BrowserClient) -> [String] {
        let known = calls.filter { $0.value.caller === client || $0.value.callees[client.id] != nil }
        return Set(known.map { $0.value.names[client.id] ?? $0.key }).sorted()
    }
}

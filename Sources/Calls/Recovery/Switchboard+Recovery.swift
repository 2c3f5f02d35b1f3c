internal import BrowserAPI
internal import Configuration
internal import EventLoop
internal import Glibc
internal import JSON
internal import ProxyCore
internal import Routing
internal import SIP
internal import SIPNames

// Calls of browsers that go on at another node when theirs is gone (docs/several-gateways.md).
extension Switchboard {
    /// Gives the clients of an answered call what another node would need to go on with it, each time that this becomes another, and nothing where nobody could.
    /// There is nothing without a cluster, or where the other party is no phone that knows Replaces (RFC 3891).
    func giveTickets(of call: CallController) {
        guard others != nil, call.isEstablished, !call.isEnded, call.transfer == nil else { return }
        for side in SessionSide.allCases {
            let seat = Seat(call: call, side: side)
            guard let browser = seat.browser, tellsTickets(browser) else { continue }
            let ticket = ticket(of: seat.other)
            // Who was transferred may have one of the former call.
            guard call.ticketed[side] != .some(ticket?.dialog), ticket != nil || call.ticketed[side] != nil || browser is TransferredBrowser else { continue }
            call.ticketed[side] = .some(ticket?.dialog)
            let token = ticket.flatMap { try? $0.json.text }.flatMap { others?.seal($0, for: browser.client.user.name) }
            browser.client.send(.call(browser.call, "recovery", token.map { ["token": .string($0)] } ?? [:]))
        }
    }

    /// One that starts a call without `subscribe` has asked for no events.
    private func tellsTickets(_ leg: any BrowserLeg) -> Bool { (leg as? BrowserCallerLeg).map { $0.subscriber != nil } ?? true }

    private func ticket(of seat: Seat) -> RecoveryTicket? {
        guard let others, let phone = seat.phone, let leg = phone.dialog?.leg, let dialog = endpoint?.dialog(of: leg), dialog.supportsReplaces,
            dialog.routes.count <= RecoveryTicket.mostRoutes, let origin = seat.origin
        else { return nil }
        var trunk = (phone as? SIPCalleeLeg)?.target?.trunk
        if case .trunk(let name) = origin.source { trunk = name }
        return RecoveryTicket(
            issuer: others.name, instance: others.instance, address: others.address, dialog: dialog, party: origin.party, source: origin.source,
            trunk: trunk, node: phone.node, srtp: seat.call.session.profiles[seat.side]?.srtp, isRecorded: seat.call.context?.isRecorded ?? false, time: time(nil))
    }

    /// What a client says of a call that its former node had.
    ///
    /// - Throws: An ``APIError`` where there is no cluster, where none of its nodes has given that to the client's user, or the call is over by now.
    func ticket(_ token: String, of user: String) throws(APIError) -> RecoveryTicket {
        guard let others else { throw APIError(.invalidField, "`recovery`: this gateway knows no others") }
        let longest = settings.maximumDuration.map { Int($0 / .seconds(1)) } ?? 86_400
        guard let text = others.open(token, of: user), let json = try? JSONValue(parsing: text), let ticket = RecoveryTicket(json), ticket.isValid(at: time(nil), longest: longest)
        else { throw APIError(.invalidField, "`recovery`: no gateway of the cluster has given it to this user, or it is too old") }
        return ticket
    }

    /// What is known of the process that had a call.
    enum Former {
        case gone
        /// Nobody takes a call out of the hands of a node that lives.
        case there
        /// It cannot be asked at the moment.
        case unknown
    }

    /// What became of the process that had the call: asked by an OPTIONS where nothing else tells, once for all who ask at a time.
    func former(of ticket: RecoveryTicket) async -> Former {
        guard let others else { return .unknown }
        if ticket.issuer == others.name { return ticket.instance == others.instance ? .there : .gone }
        if others.isReached, let instance = others.instance(of: ticket.issuer), instance != ticket.instance { return .gone }
        if let asking = formers[ticket.address] { return await asking.value }
        let task = LoopActor.task { [weak self] in await self?.ask(ticket.address) ?? .unknown }
        formers[ticket.address] = task
        defer { formers[ticket.address] = nil }
        return await task.value
    }

    private func ask(_ address: ListenAddress) async -> Former {
        guard let endpoint else { return .unknown }
        let hop = SIPHop(transport: address.transport, address: address.address, port: address.port, serverName: address.address)
        let outcome = await endpoint.request(SIPClientRequest(
            .options, target: "sip:\(address.hostAndPort)\(address.transport == .udp ? "" : ";transport=\(address.transport.rawValue)")", hop: hop,
            from: "sip:\(settings.domain)", timeout: .seconds(2)))
        // What was not sent says nothing.
        return outcome.isFromPeer ? .there : outcome.ownContact.isEmpty || isStopping ? .unknown : .gone
    }

    /// Whether the phone's own words lead to where a call would be somebody else's: another trunk than its own, or this gateway itself.
    func isAllowed(_ ticket: RecoveryTicket) -> Bool {
        func plain(_ host: String) -> String {
            let host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
            return IPAddress(host).map { "\($0)" } ?? host.lowercased()
        }
        func hosts(_ trunks: [Trunk]) -> Set<String> { Set(trunks.flatMap(\.targets).map { plain($0.host) }) }
        let others = hosts(settings.trunks.filter { $0.name != ticket.trunk }).subtracting(hosts(settings.trunks.filter { $0.name == ticket.trunk }))
        let named = [SIPURI(ticket.dialog.target)?.host, ticket.dialog.hop?.address].compactMap { $0.map(plain) }
        return !named.contains(where: others.contains) && !ownAddresses.contain(uri: ticket.dialog.target)
    }

    /// The place of the party whose leg a ticket names, where that is a leg of ours: it was the gone node's party, and ours has another one.
    func seat(namedBy ticket: RecoveryTicket) -> Seat? {
        guard let leg = endpoint?.leg(replacedBy: ticket.dialog.replaces) else { return nil }
        return try? seat(of: leg)
    }

    /// The client goes on with the party that a node which is gone had from us: that is moved to a session of theirs, and the leg to the node is hung up.
    func start(_ start: BrowserCall, inPlaceOf seat: Seat, options: SessionOptionsChange) throws(APIError) {
        do throws(Admission.Refusal) {
            guard seat.origin?.source == start.context.origin.source else { throw .notYours }
            try check(seat)
        } catch {
            throw error.apiError
        }
        try admission.checkRoom(forClientOf: start.client.user.name)
        let session = start.context.session
        guard let callee = transferee(seat.other, at: .callee, session: session) else { throw APIError(.wrongState, "the other party has no dialog") }
        let plan = CallPlan(joining: callee, type: .webrtc, caller: nil)
        let sessions = sessions.create(
            id: session, branches: plan.branches, call: start.id, options: options, subscriber: start.subscribe ? start.client.id : nil,
            inherited: seat.call.session.inheritance(of: seat.other.side).map { [.callee: $0] } ?? [:])
        guard let call = makeCall(start, plan: plan, sessions: sessions) else { throw APIError(.mediaUnavailable) }
        run([.callee: callee], to: .made(call, offer: start.offer), session: session, by: .replaced)
    }
}

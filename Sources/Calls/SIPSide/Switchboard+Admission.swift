internal import BrowserAPI
internal import Configuration
internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SIP

// An INVITE for a new call: who sends it, whether it may, and where it goes.
extension Switchboard {
    func incoming(_ leg: SIPLegID, _ invite: SIPIncomingInvite) {
        guard !isDraining else { return refuse(leg, invite, Refusal(503, retryAfter: 10)) }
        if ownAddresses.contain(source: invite.source, invite.transport) { return refuse(leg, invite, Refusal(482)) }
        let request = RequestAuthenticator.Request(
            method: "INVITE", uri: invite.requestURI, dialled: invite.requestUser, domain: invite.requestHost,
            address: invite.flow?.peerAddress ?? invite.source, authorizations: invite.authorizations)
        authenticator.identify(request) { [weak self] verdict in self?.identified(leg, invite, verdict) }
    }

    private func identified(_ leg: SIPLegID, _ invite: SIPIncomingInvite, _ verdict: RequestAuthenticator.Verdict) {
        switch verdict {
        case .refused(let response):
            refuse(leg, invite, Refusal(response))
        case .known(let source):
            admit(leg, invite, from: source, challenge: nil)
        case .unproven(let challenge):
            // Whoever says that it is one of our users has to prove it, before its call is shown as that user's to anybody.
            guard !claimsUser(invite) else { return refuse(leg, invite, Refusal(challenge)) }
            admit(leg, invite, from: .anonymous, challenge: challenge)
        }
    }

    private func claimsUser(_ invite: SIPIncomingInvite) -> Bool {
        isUser(invite.from.user) && ownAddresses.contain(host: invite.from.host)
    }

    struct Refusal: Error {
        let response: SIPResponse

        init(_ response: SIPResponse) { self.response = response }

        init(_ status: Int, phrase: String? = nil, retryAfter: Int? = nil) {
            response = SIPResponse(status: status, phrase: phrase, retryAfter: retryAfter)
        }
    }

    private func admit(_ leg: SIPLegID, _ invite: SIPIncomingInvite, from source: CallSource, challenge: SIPResponse?) {
        do throws(Refusal) {
            let origin = CallOrigin(invite, source: source, configuration: configuration, isUser: isUser)
            if let replaces = invite.replaces { return try replace(replaces, by: leg, invite, origin, challenge: challenge) }
            let trunk = trunk(of: source)
            let written = trunk?.inbound.dialledFrom == .to ? invite.to.user : invite.requestUser
            let plain = DialledNumber.plain(written, isName: isUser)
            let dialled = trunk?.numbers.inboundDialled.normalise(plain) ?? plain
            // A tel: URI has no host.
            let domain = invite.requestHost.isEmpty ? configuration.sip.domain : invite.requestHost
            let request = RoutingRequest(source: source, dialled: dialled, domain: domain)
            let destinations = try destinations(request, challenge: challenge)
            try connect(leg, invite, origin, dialled: dialled, to: destinations, place: place(for: source))
        } catch {
            refuse(leg, invite, error)
        }
    }

    /// Whether there is room for a call, on its trunk too.
    func place(for source: CallSource) throws(Refusal) -> TrunkPlace? {
        guard sessions.count < configuration.sip.maximumCalls, hasRoom(for: source), sessions.isReady else { throw Refusal(503, retryAfter: 5) }
        guard let trunk = trunk(of: source) else { return nil }
        guard let place = trunks.place(on: trunk) else { throw Refusal(503, phrase: "Trunk Busy", retryAfter: 5) }
        return place
    }

    private func trunk(of source: CallSource) -> Trunk? {
        guard case .trunk(let name) = source else { return nil }
        return configuration.trunks.first { $0.name == name }
    }

    private func destinations(_ request: RoutingRequest, challenge: SIPResponse?) throws(Refusal) -> [RouteDestination] {
        switch routing.decide(request, isGuest: isGuest) {
        case .targets(let destinations, _):
            for case .sip(let uri, _) in destinations where ownAddresses.contain(uri: uri) { throw Refusal(482) }
            return destinations
        case .challenge: throw challenge.map { Refusal($0) } ?? Refusal(403)
        case .forbidden: throw Refusal(403)
        case .none: throw Refusal(404)
        }
    }

    private func connect(
        _ leg: SIPLegID, _ invite: SIPIncomingInvite, _ origin: CallOrigin, dialled: String,
        to destinations: [RouteDestination], place: TrunkPlace?
    ) throws(Refusal) {
        guard let endpoint else { return }
        let (id, session) = (BrowserID.make(), BrowserID.make())
        let context = Context(
            call: id, session: session, callerType: .rtp, origin: origin, dialled: dialled,
            maxForwards: max(0, invite.maxForwards - 1), flow: invite.flow)
        let plan = plan(destinations, context)
        let refusal = plan.refusal
        let branches = refusal == nil ? sessions.create(id: session, branches: plan.branches, call: id) : [:]
        guard refusal == nil, let first = branches[1] else {
            place?.leave()
            throw Refusal((refusal ?? .notReachable).sipResponse)
        }
        let call = CallController(
            id: id, session: first, sessions: branches, caller: SIPCallerLeg(endpoint: endpoint, leg: leg, flow: invite.flow, place: place),
            origin: origin, plan: plan, limits: limits, log: log)
        log.info("call from a phone", metadata: [
            "call": "\(id)", "leg": "\(leg)", "dialled": "\(invite.requestUser)", "from": "\(invite.from.uri)",
            "by": "\(origin.source)", "source": "\(invite.source)", "sip_call_id": "\(invite.callID)",
        ])
        call.context = context
        sipLegs[leg] = SIPBinding(call: call, callee: nil)
        begin(call, offer: invite.sdp, trickle: false)
    }

    private func refuse(_ leg: SIPLegID, _ invite: SIPIncomingInvite, _ refusal: Refusal) {
        // A challenge is how every call of a phone with a password begins.
        log.log(level: refusal.response.status == 401 ? .debug : .info, "call refused", metadata: [
            "leg": "\(leg)", "status": "\(refusal.response.status)", "dialled": "\(invite.requestUser)",
            "source": "\(invite.source)",
        ])
        endpoint?.reject(leg, refusal.response)
    }
}

extension CallOrigin {
    /// What is known of the caller of an INVITE. Its own words count for as much as its sender is known and trusted.
    init(
        _ invite: SIPIncomingInvite, source: CallSource, configuration: GatewayConfiguration, isUser: (String) -> Bool
    ) {
        let history = invite.diversion.map { Header(name: "Diversion", value: $0) }
            + invite.historyInfo.map { Header(name: "History-Info", value: $0) }
        let wantsPrivacy = !invite.privacy.isDisjoint(with: ["id", "user", "header"])
        switch source {
        case .user(let name):
            self.init(
                source: source, user: name, displayName: configuration.user(named: name)?.displayName ?? invite.from.displayName,
                isPrivate: wantsPrivacy, history: history)
        case .trunk(let name):
            let trunk = configuration.trunks.first { $0.name == name }
            let asserted = trunk?.isTrusted == true ? invite.assertedIdentities.first : nil
            let party = asserted ?? invite.from
            let written = CallOrigin.number(of: party)
            let number = trunk?.numbers.inboundCaller.normalise(written) ?? written
            self.init(
                source: source, user: trunk?.isTrusted == true ? number : CallOrigin.shown(number, from: party.host, isUser: isUser),
                displayName: party.displayName ?? (asserted == nil ? nil : invite.from.displayName),
                isPrivate: wantsPrivacy, history: history)
        case .anonymous:
            let from = invite.from
            self.init(
                source: source, user: CallOrigin.shown(CallOrigin.number(of: from), from: from.host, isUser: isUser),
                displayName: from.displayName, isPrivate: wantsPrivacy)
        }
    }

    private static func number(of party: SIPParty) -> String {
        party.user.isEmpty ? party.uri : DialledNumber.plain(party.user)
    }

    /// Nobody is shown as one of our users who has not proven it, or is believed.
    private static func shown(_ user: String, from host: String, isUser: (String) -> Bool) -> String {
        isUser(user) ? "\(user)@\(host)" : user
    }
}

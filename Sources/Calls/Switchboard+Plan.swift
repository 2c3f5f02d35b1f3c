internal import BrowserAPI
internal import Configuration
internal import EventLoop
internal import ProxyCore
internal import Registrar
internal import Routing
internal import SDP
internal import SIP
internal import SIPNames

// What a call tries: legs for each destination that the routes gave.
extension Switchboard {
    /// What a call is about, for the legs that it may ring.
    struct Context {
        let call: String
        let session: String
        let callerType: SDPType
        var origin: CallOrigin
        let dialled: String
        /// RFC 3261 section 16.6: a call that goes round ends when this has come down to 0, with 483.
        var maxForwards: Int?
        /// The client that calls, which is not rung itself.
        var calling: BrowserClient?
        /// Where the phone that calls is, which is not rung itself.
        var flow: SIPFlow?
        /// What is said to a phone that calls, where it is not the usual.
        var callerProfile: SIPProfile?
        /// What a phone that calls brings from another session.
        var inherited: [SessionSide: DialogInheritance] = [:]
        /// Further headers of each INVITE.
        var headers: [CallOrigin.Header] = []
    }

    typealias Party = (leg: any CalleeLeg, branch: CallPlan.Branch)

    /// What is tried for a caller, in this order.
    ///
    /// - Parameter only: The session that the caller had made before, if it had: only such parties are rung as it can serve.
    func plan(_ targets: [RouteDestination], _ context: Context, only: CallPlan.Branch? = nil) -> CallPlan {
        var plan = CallPlan(only: only)
        for target in targets {
            switch target {
            case .echo: plan.addEcho(branch(.echo(context.callerType), context))
            case .user(let user): plan.add(browsers(of: user, context) + phones(of: user, context))
            case .sip(let uri, let srtp): plan.add(elsewhere(uri, srtp: srtp, context))
            case .trunk(let trunk, let dialled): plan.add(calls(by: trunk, dialled: dialled, context))
            case .reject(let status, let phrase):
                plan.add(rejection: CallEnd(
                    status: status, reason: phrase ?? CallEnd.words(for: status), by: .gateway, isPhrase: phrase != nil))
            }
        }
        return plan
    }

    private func browsers(of user: String, _ context: Context) -> [Party] {
        let branch = branch(.proxy(caller: context.callerType, callee: .webrtc), context)
        return (api?.clients(of: user) ?? []).filter { $0 !== context.calling }.map { client in
            let leg = BrowserCalleeLeg(
                call: context.call, session: context.session, client: client, caller: context.origin.party,
                dialled: context.dialled)
            return (leg, branch)
        }
    }

    /// The phones that a user has registered, but for the one that calls: each over the flow that it registered by.
    private func phones(of user: String, _ context: Context) -> [Party] {
        guard let endpoint, let registrar else { return [] }
        let identity = OutgoingIdentity(of: context.origin, keepsHistory: true)
        let origin = CallOrigin(source: .user(user), user: user, displayName: configuration.user(named: user)?.displayName)
        return registrar.targets(of: user).compactMap { binding -> Party? in
            guard let flow = SIPFlow(binding.flow), flow != context.flow, let hop = SIPHop(to: binding, flow) else { return nil }
            var request = SIPInviteRequest(
                target: binding.contact.target, identity: identity, to: "sip:\(SIPURI.escaped(user: user))@\(configuration.sip.domain)",
                maxForwards: context.maxForwards, more: context.headers)
            request.routes = binding.path
            request.hop = hop
            let family: AddressFamily = IPAddress(flow.peerAddress)?.isIPv6 == true ? .ip6 : .ip4
            return (
                SIPCalleeLeg(endpoint: endpoint, origin: origin, request: request),
                branch(.proxy(caller: context.callerType, callee: .rtp), context, family: family)
            )
        }
    }

    private func elsewhere(_ uri: String, srtp: SRTPPolicy?, _ context: Context) -> [Party] {
        guard let endpoint else { return [] }
        let identity = OutgoingIdentity(of: context.origin, keepsHistory: false)
        let request = SIPInviteRequest(target: uri, identity: identity, maxForwards: context.maxForwards, more: context.headers)
        let parsed = SIPURI(uri), user = parsed?.user ?? ""
        let family: AddressFamily = parsed?.address?.isIPv6 == true ? .ip6 : .ip4
        let origin = CallOrigin(source: .anonymous, user: user.isEmpty ? uri : user)
        let leg = SIPCalleeLeg(endpoint: endpoint, origin: origin, request: request)
        return [(leg, branch(.proxy(caller: context.callerType, callee: .rtp), context, srtp: srtp, family: family))]
    }

    private func calls(by trunk: Trunk, dialled: String, _ context: Context) -> [Party] {
        guard let endpoint else { return [] }
        let identity = OutgoingIdentity(of: context.origin, to: trunk, domain: configuration.sip.domain)
        let number = trunk.numbers.outboundDialled.normalise(dialled)
        let attempts = trunks.candidates(of: trunk).map { index, target in
            var request = SIPInviteRequest(
                target: target.uri(user: number), identity: identity, maxForwards: context.maxForwards, more: context.headers)
            request.silenceLimit = trunk.timeout
            request.authorize = trunks.authorizer(for: trunk)
            return SIPCalleeLeg.Attempt(request: request, target: index)
        }
        guard !attempts.isEmpty else { return [] }
        let leg = SIPCalleeLeg(
            endpoint: endpoint, origin: CallOrigin(source: .trunk(trunk.name), user: dialled), attempts: attempts, trunk: trunk,
            service: trunks)
        return [(leg, branch(.proxy(caller: context.callerType, callee: .rtp), context, srtp: trunk.srtp))]
    }

    /// A session of this kind, with what is said to its phones. A phone that is reached over IPv6 is offered media over it.
    private func branch(
        _ kind: SessionKind, _ context: Context, srtp: SRTPPolicy? = nil, family: AddressFamily = .ip4
    ) -> CallPlan.Branch {
        let own = SIPProfile(srtp: configuration.sip.srtp)
        return CallPlan.Branch(
            kind: kind,
            profiles: [.caller: context.callerProfile ?? own, .callee: SIPProfile(srtp: srtp ?? configuration.sip.srtp, family: family)])
    }
}

extension SIPHop {
    /// Where a contact is: at the other end of the flow that it registered by. A connection to a proxy in the Path may have
    /// ended, and the Path says at which port and by which transport the proxy is reached (RFC 3327 section 5.4). Its host does
    /// not count: with it whoever registers could send our calls to whom he likes, a trunk for one, past all routes.
    ///
    /// Nil where the Path cannot be read.
    init?(to binding: Binding, _ flow: SIPFlow) {
        guard flow.transport != .udp, let first = binding.path.first else {
            self.init(flow)
            return
        }
        guard let proxy = SIPURI(first) else { return nil }
        let transport = proxy.isSecure ? .tls : proxy.transport.flatMap { ListenAddress.Transport(rawValue: $0) } ?? flow.transport
        self.init(
            transport: transport, address: flow.peerAddress, port: proxy.port ?? (transport == .tls ? 5_061 : 5_060),
            serverName: proxy.host)
    }
}

extension SIPInviteRequest {
    init(
        target: String, identity: OutgoingIdentity, to: String? = nil, maxForwards: Int?, more: [CallOrigin.Header]
    ) {
        self.init(
            target: target, fromUser: identity.fromUser, fromDomain: identity.fromHost, displayName: identity.displayName,
            to: to, sdp: nil, headers: (identity.headers + more).map { ($0.name, $0.value) }, maxForwards: maxForwards)
    }
}

internal import BrowserAPI
internal import Cluster
internal import Configuration
internal import EventLoop
internal import ProxyCore
internal import Registrar
internal import Routing
internal import SDP
internal import SIP
internal import SIPNames

/// What a call is about, for the legs that it may ring.
struct CallContext {
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
    /// Whether a proxy has passed its call on.
    var isProxied = false
    /// Its Contact: behind a proxy many phones have one flow.
    var contact: SIPURI?
    /// What is said to a phone that calls, where it is not the usual.
    var callerProfile: SIPProfile?
    /// What a phone that calls brings from another session.
    var inherited: [SessionSide: DialogInheritance] = [:]
    /// Further headers of each INVITE.
    var headers: [CallOrigin.Header] = []
    /// Where the route was written, and where it leads: for the log.
    var route: String?
    var routedTo: String?
    /// Whether the route has it recorded.
    var isRecorded = false
    /// What another node says that hands it on: then it rings what is here, and goes nowhere else.
    var handedOn: NodeCall?
    /// Whether the call takes the place of one that a node had which is gone.
    var takesPlace = false
    /// The User-Agent of the caller.
    var userAgent: String?

    var isFromNode: Bool { handedOn != nil }

    /// Whether the phone that calls has made a binding: over its flow, and, where that is a proxy's, with its Contact.
    func isCalling(_ binding: Binding, _ flow: SIPFlow) -> Bool {
        flow == self.flow && (binding.path.isEmpty || contact?.matches(binding.contact) == true)
    }
}

/// Says who rings: legs for each destination that admission gave, stage by stage, and for those whom a redirection names.
@LoopActor
final class CallPlanner {
    typealias Party = (leg: any CalleeLeg, branch: CallPlan.Branch)

    /// A call is forwarded this often; the next redirection is its end.
    static let maximumRedirections = 5
    /// How long another node may say nothing to an INVITE: it says 100 at once.
    static let nodeSilence = Duration.seconds(2)

    var settings: CallSettings
    let users: UserDirectory
    let trunks: TrunkService
    /// Calls phones and trunks; nil until the gateway has started.
    var agent: (any SIPUserAgent)?

    init(settings: CallSettings, users: UserDirectory, trunks: TrunkService) {
        self.settings = settings
        self.users = users
        self.trunks = trunks
    }

    /// What is tried for a caller, in this order.
    ///
    /// - Parameter only: The session that the caller had made before, if it had: only such parties are rung as it can serve.
    func plan(_ targets: [RouteDestination], _ context: CallContext, only: CallPlan.Branch? = nil) -> CallPlan {
        var plan = CallPlan(only: only)
        for target in targets {
            switch target {
            case .echo: plan.addEcho(branch(.echo(context.callerType), context))
            case .reject(let status, let phrase):
                plan.add(rejection: CallEnd(
                    status: status, reason: phrase ?? CallEnd.words(for: status), by: .gateway, isPhrase: phrase != nil))
            case .user, .sip, .trunk:
                let parties = parties(target, context)
                if parties.isEmpty { plan.note(absence: absence(of: target, context)) }
                plan.add(parties)
            }
        }
        return plan
    }

    private func absence(of target: RouteDestination, _ context: CallContext) -> String {
        switch target {
        case .user(let user):
            let isCaller = context.origin.provenUser == user && (context.calling != nil || context.flow != nil)
            return "\(user) has no \(isCaller ? "other " : "")phone or browser"
        case .trunk(let trunk, _): return "trunk \(trunk.name) cannot be called yet"
        case .sip(let uri, _): return "\(uri) cannot be called yet"
        case .echo, .reject: return ""
        }
    }

    /// Those who ring for a destination; none for the echo and a rejection.
    private func parties(_ target: RouteDestination, _ context: CallContext) -> [Party] {
        switch target {
        case .user(let user): browsers(of: user, context) + phones(of: user, context) + others(of: user, context)
        case .sip(let uri, let srtp): elsewhere(uri, srtp: srtp, context)
        case .trunk(let trunk, let dialled): calls(by: trunk, dialled: dialled, context)
        case .echo, .reject: []
        }
    }

    // MARK: Redirections

    /// Who rings in the place of a phone of `user` that says where it is instead (RFC 3261 section 8.1.3.4); nil where the call has been
    /// forwarded too often.
    ///
    /// - Parameters:
    ///   - contacts: Where it is, the most wanted first.
    ///   - followed: Where redirections of the call have led to; the contacts are added.
    ///   - destinations: Where a contact leads, as if the user had dialled it.
    func redirected(
        _ contacts: [String], by user: String, _ context: CallContext, followed: inout Set<String>,
        destinations: (String) -> [RouteDestination]
    ) -> [Party]? {
        let uris = contacts.prefix(3).filter { !followed.contains($0) }
        guard let first = uris.first, followed.count + uris.count <= CallPlanner.maximumRedirections, context.maxForwards.map({ $0 > 0 }) ?? true
        else { return nil }
        followed.formUnion(uris)
        var context = context
        context.maxForwards = context.maxForwards.map { $0 - 1 }
        context.origin.history = history(context.origin, from: user, to: first, count: followed.count)
        return uris.flatMap(destinations).flatMap { parties($0, context) }
    }

    /// Who forwarded the call: Diversion (RFC 5806) and, where nobody has begun one, History-Info (RFC 7044).
    private func history(_ origin: CallOrigin, from user: String, to target: String, count: Int) -> [CallOrigin.Header] {
        let former = NameAddress(user: user, host: settings.domain, displayName: nil).text
        var history = origin.history
        history.insert(.init(name: "Diversion", value: "\(former);reason=unconditional;counter=\(count)"), at: 0)
        if !history.contains(where: { $0.name.lowercased() == "history-info" }), SIPURI(target) != nil {
            history.append(.init(name: "History-Info", value: "\(former);index=1, <\(target.filter { $0 != ">" })>;index=1.1;mp=1"))
        }
        return history
    }

    // MARK: Parties

    private func browsers(of user: String, _ context: CallContext) -> [Party] {
        let branch = branch(.proxy(caller: context.callerType, callee: .webrtc), context)
        return users.clients(of: user).filter { $0 !== context.calling }.map { client in
            let leg = BrowserCalleeLeg(
                call: context.call, session: context.session, client: client, caller: context.origin.party,
                dialled: context.dialled)
            return (leg, branch)
        }
    }

    /// The phones that a user has registered, but for the one that calls: each over the flow that it registered by.
    private func phones(of user: String, _ context: CallContext) -> [Party] {
        guard let agent else { return [] }
        let identity = OutgoingIdentity(of: context.origin, keepsHistory: true)
        let origin = CallOrigin(source: .user(user), user: user, displayName: users.displayName(of: user))
        let own = users.contacts(of: user).filter { context.handedOn?.rings($0.instance) ?? true }
        // Of each phone one flow, as at one gateway: the one here, or else the most recent.
        var instances = Set(own.compactMap(\.instance))
        let stranded = (context.isFromNode ? [] : users.stranded(of: user)).compactMap { $0.takenOver(by: agent.listening) }.filter { binding in
            binding.instance.map { instances.insert($0).inserted } ?? true
        }
        return (own + stranded).compactMap { binding -> Party? in
            guard let flow = SIPFlow(binding.flow), !context.isCalling(binding, flow), let hop = SIPHop(to: binding, flow) else { return nil }
            var request = SIPInviteRequest(
                target: binding.contact.target, identity: identity, to: "sip:\(SIPURI.escaped(user: user))@\(settings.domain)",
                maxForwards: context.maxForwards, more: context.headers)
            request.routes = binding.path
            request.hop = hop
            let family: AddressFamily = IPAddress(flow.peerAddress)?.isIPv6 == true ? .ip6 : .ip4
            return (
                SIPCalleeLeg(endpoint: agent, origin: origin, request: request),
                branch(.proxy(caller: context.callerType, callee: .rtp), context, family: family, isLocal: binding.path.isEmpty && settings.isLocal(flow.peerAddress))
            )
        }
    }

    /// The other nodes that ring something of a user's, each as one leg. They ring what they have, but for flows of phones that ring from elsewhere, and
    /// hand on nothing. One that has no more than such flows is left out.
    private func others(of user: String, _ context: CallContext) -> [Party] {
        guard let agent, !context.isFromNode else { return [] }
        let identity = OutgoingIdentity(toNode: context.origin, domain: settings.domain)
        let origin = CallOrigin(source: .user(user), user: user, displayName: users.displayName(of: user))
        let source = context.origin.source.nodeText, directory = users
        let name = SIPURI.escaped(user: user)
        func invitation(to node: ClusterNode) -> SIPInviteRequest {
            var request = SIPInviteRequest(
                target: "sip:\(name)@\(node.address.hostAndPort)\(node.address.transport == .udp ? "" : ";transport=\(node.address.transport.rawValue)")",
                identity: identity, to: "sip:\(name)@\(settings.domain)", maxForwards: context.maxForwards, more: context.headers)
            request.hop = SIPHop(transport: node.address.transport, address: node.address.address, port: node.address.port, serverName: node.address.address)
            request.firstResponseLimit = CallPlanner.nodeSilence
            return request
        }
        let caller = context.origin.provenUser == user ? context.contact : nil
        return users.nodes(of: user, except: Set(users.contacts(of: user).compactMap(\.instance)), caller: caller).map { target in
            let node = target.node
            let family: AddressFamily = node.address.address.contains(":") ? .ip6 : .ip4
            // An older flow of the phone, at another node, is tried where this one does not ring it. All get the same offer.
            let targets = [target] + target.fallbacks.filter { $0.node.address.address.contains(":") == (family == .ip6) }
            let attempts = targets.enumerated().map { SIPCalleeLeg.Attempt(request: invitation(to: $1.node), target: $0) }
            // Its time counts from the INVITE, which may go out much later.
            let leg = SIPCalleeLeg(endpoint: agent, origin: origin, attempts: attempts, nodes: targets.map(\.node.name), failsOver: CallPlanner.nodesFailOver) { [weak directory] attempt in
                targets.indices.contains(attempt) ? directory?.others?.authorization(to: targets[attempt], user: user, source: source) : nil
            }
            return (leg, branch(.proxy(caller: context.callerType, callee: .rtp), context, family: family, isLocal: targets.allSatisfy { settings.isLocal($0.node.address.address) }))
        }
    }

    /// Whether a node that has refused a call with this status may only have lost the phone.
    private static func nodesFailOver(on status: Int) -> Bool { [408, 430, 480].contains(status) || (500..<600).contains(status) }

    private func elsewhere(_ uri: String, srtp: SRTPPolicy?, _ context: CallContext) -> [Party] {
        guard let agent else { return [] }
        let identity = OutgoingIdentity(of: context.origin, keepsHistory: false)
        let request = SIPInviteRequest(target: uri, identity: identity, maxForwards: context.maxForwards, more: context.headers)
        let parsed = SIPURI(uri), user = parsed?.user ?? ""
        let family: AddressFamily = parsed?.address?.isIPv6 == true ? .ip6 : .ip4
        let origin = CallOrigin(source: .anonymous, user: user.isEmpty ? uri : user)
        let leg = SIPCalleeLeg(endpoint: agent, origin: origin, request: request)
        let isLocal = parsed?.address.map { settings.isLocal("\($0)") } ?? false
        return [(leg, branch(.proxy(caller: context.callerType, callee: .rtp), context, srtp: srtp, family: family, isLocal: isLocal))]
    }

    private func calls(by trunk: Trunk, dialled: String, _ context: CallContext) -> [Party] {
        guard let agent else { return [] }
        let identity = OutgoingIdentity(of: context.origin, to: trunk, domain: settings.domain)
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
            endpoint: agent, origin: CallOrigin(source: .trunk(trunk.name), user: dialled), attempts: attempts, trunk: trunk,
            service: trunks)
        return [(leg, branch(.proxy(caller: context.callerType, callee: .rtp), context, srtp: trunk.srtp, isLocal: settings.isLocal(trunk)))]
    }

    /// A session of this kind, with what is said to its phones. A phone that is reached over IPv6 is offered media over it.
    ///
    /// - Parameter isLocal: Whether the called phone is told the gateway's own address, where a NAT is before the gateway.
    func branch(
        _ kind: SessionKind, _ context: CallContext, srtp: SRTPPolicy? = nil, family: AddressFamily = .ip4, isLocal: Bool = false
    ) -> CallPlan.Branch {
        let isCallerLocal = context.flow.map { !context.isProxied && settings.isLocal($0.peerAddress) } ?? false
        let own = SIPProfile(srtp: settings.srtp, isLocal: isCallerLocal)
        return CallPlan.Branch(
            kind: kind,
            profiles: [.caller: context.callerProfile ?? own, .callee: SIPProfile(srtp: srtp ?? settings.srtp, family: family, isLocal: isLocal)])
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

extension Binding {
    /// The binding of a node that is gone, as if it had been registered here: what has a Path is reached through it, from a listener of ours of the same
    /// kind. Nil where there is none.
    func takenOver(by listeners: [ListenAddress]) -> Binding? {
        guard !path.isEmpty, let former = SIPFlow(flow), let peer = IPAddress(former.peerAddress) else { return nil }
        let own = listeners.first { $0.transport == former.transport && IPAddress($0.address)?.isIPv6 == peer.isIPv6 }
        guard let own, let flow = SIPFlow(transport: former.transport, peerAddress: former.peerAddress, peerPort: former.peerPort, listener: own) else { return nil }
        var binding = self
        binding.flow = flow.description
        return binding
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

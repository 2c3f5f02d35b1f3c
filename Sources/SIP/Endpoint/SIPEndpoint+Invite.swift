internal import CSofiaSIP
internal import EventLoop
internal import SIPNames

/// Calling: from a request of the core to our INVITE.
extension SIPEndpoint {
    /// Calls. Whatever fails comes as ``SIPEvent/rejected(_:status:phrase:reason:)``, also what fails at once.
    public func invite(_ request: SIPInviteRequest) -> SIPLegID {
        let id = nextLegID()
        guard hasRoom else { return fail(id, 503, "Too many calls") }
        guard let target = SIPTarget(request.target) else { return fail(id, 416, "Unsupported target URI") }
        guard request.routes.count <= 16, request.routes.allSatisfy({ SIPTarget($0) != nil }),
            let first = (request.routes.first ?? request.route).map(SIPTarget.init) ?? target
        else { return fail(id, 416, "Unsupported route URI") }
        let alternatives = Array(request.alternatives.prefix(16))
        let hops: [SIPHop?] = [request.hop] + alternatives
        var call = OutgoingCall(id: id, request: request, target: target, first: first, hops: hops)
        if request.hop == nil, let name = first.name {
            resolving[id] = call
            resolve(name) { [weak self] hops in
                // It is the name that was asked for which the certificate must have, whatever DNS made of it (RFC 5922 section 4).
                let named = hops.map { hop in
                    var hop = hop
                    hop.serverName = hop.serverName ?? name.host
                    return hop
                }
                self?.place(id, named + alternatives)
            }
        } else {
            switch nextWay(of: &call) {
            case .failure(let refusal): return fail(id, refusal.status, refusal.phrase)
            case .success(let way): send(call, by: way)
            }
        }
        return id
    }

    /// Goes on with a call whose next hop was a name.
    private func place(_ id: SIPLegID, _ hops: [SIPHop]) {
        guard var call = resolving.removeValue(forKey: id) else { return }
        call.hops = hops
        switch nextWay(of: &call) {
        case .failure(let refusal): report(.rejected(id, status: refusal.status, phrase: refusal.phrase, reason: nil))
        case .success(let way): send(call, by: way)
        }
    }

    /// The first hop of those left that there is a way to.
    func nextWay(of call: inout OutgoingCall) -> Result<Way, Refusal> {
        var refusal = Refusal(status: 503, phrase: "No address of the target")
        while !call.hops.isEmpty {
            switch way(by: call.hops.removeFirst(), to: call.first) {
            case .success(let way) where call.target.isSecure && way.transport != .tls: refusal = .withoutTLS
            case .success(let way): return .success(way)
            case .failure(let failed): refusal = failed
            }
        }
        return .failure(refusal)
    }

    /// Sends the INVITE. The leg takes the place of one that has tried another hop.
    func send(_ call: OutgoingCall, by way: Way) {
        let (request, dialog) = (call.request, DialogName.own())
        let (stack, contact) = (way.stack, way.stack.contact(way.transport, peer: way.address, isSecure: call.target.isSecure))
        let magic = UnsafeMutableRawPointer(bitPattern: call.id.number)
        guard let handle = handleTags(request, call.target, dialog).withTags({ tern_nua_handle(stack.nua, magic, $0) }) else {
            fail(call.id, 503, "Out of memory")
            return
        }
        let leg = Leg(
            .calling(call.id, sdp: request.sdp), stack: stack, handle: handle, contact: contact, endpoint: self)
        leg.ownDialog = dialog
        leg.callID = dialog.callID
        leg.nextHop.isOurs = true
        leg.nextHop.origin = (way.hop ?? SIPHop(transport: way.transport, address: way.address.address, port: way.address.port)).uri
        if let hop = way.hop { leg.begin(at: hop) }
        leg.answerPracks()
        leg.challenges.authorizer = request.authorize
        leg.nextHop.target = call.target.uri
        if way.transport == .tls { leg.verifiedPeer = way.address.hostPort }
        remember(leg)
        ForkPracks.watch(dialog.callID, leg, of: self)
        leg.wait(.transaction)
        leg.watchHop(call)
        let texts = [request.target, request.target, request.fromUser, request.displayName ?? ""] + request.routes
        leg.send(
            bytes: request.headers.reduce(texts.reduce(0) { $0 + $1.utf8.count }) { $0 + $1.name.utf8.count + $1.value.utf8.count },
            request.sdp, inviteTags(request, contact: contact, dialog), by: tern_nua_invite)
    }

    /// The stack that a request goes out by, and where it goes.
    struct Way {
        let stack: SIPStack
        let transport: ListenAddress.Transport
        let address: SocketAddress
        /// Nil where the target is the hop.
        var hop: SIPHop?
    }

    /// Why a request is not sent.
    struct Refusal: Error {
        let status: Int
        let phrase: String

        /// For a `sips:` URI (RFC 5630 section 3.1.3).
        static let withoutTLS = Refusal(status: 480, phrase: "sips needs TLS, and there is none to the target")
        static let otherPeer = Refusal(status: 503, phrase: "A connection to the target stands, and is of another name")
    }

    /// The way by `hop`, or else to where `target` says.
    func way(by hop: SIPHop?, to target: SIPTarget) -> Result<Way, Refusal> {
        if let hop {
            guard !target.isSecure || hop.transport == .tls else { return .failure(.withoutTLS) }
            return way(by: hop)
        }
        guard let address = target.address else {
            return .failure(Refusal(status: 503, phrase: "No address of the target"))
        }
        guard let stack = stacks.first(where: { $0.serves(target) }) else {
            return .failure(target.isSecure ? .withoutTLS : Refusal(status: 503, phrase: "No transport to the target"))
        }
        let transport = target.transport ?? stack.transports.first ?? .udp
        if transport == .tls, stack.tls?.expect(target.host, at: address.hostPort) == false { return .failure(.otherPeer) }
        return .success(Way(stack: stack, transport: transport, address: address))
    }

    private func way(by hop: SIPHop) -> Result<Way, Refusal> {
        guard let address = hop.socketAddress else {
            return .failure(Refusal(status: 503, phrase: "No numeric next hop"))
        }
        guard let flow = hop.flow else {
            guard let stack = stacks.first(where: { $0.serves(hop.transport, isV6: address.ip.isIPv6) }) else {
                return .failure(Refusal(status: 503, phrase: "No transport to the target"))
            }
            if hop.transport == .tls, stack.tls?.expect(hop.serverName ?? hop.address, at: address.hostPort) == false {
                return .failure(.otherPeer)
            }
            return .success(Way(stack: stack, transport: hop.transport, address: address, hop: hop))
        }
        guard let stack = stacks.first(where: { $0.listening.contains(flow.listener) }), flowSockets.isOpen(flow) else {
            return .failure(Refusal(status: 430, phrase: "Flow Failed"))
        }
        return .success(Way(stack: stack, transport: hop.transport, address: address, hop: hop))
    }

    @discardableResult
    private func fail(_ id: SIPLegID, _ status: Int, _ phrase: String) -> SIPLegID {
        LoopActor.task { [weak self] in
            self?.report(.rejected(id, status: status, phrase: phrase, reason: nil))
        }
        return id
    }

    private func handleTags(_ request: SIPInviteRequest, _ target: SIPTarget, _ dialog: DialogName) -> TagList {
        var tags = TagList()
        tags.add(tern_nutag_url(), target.uri)
        let to = request.to.flatMap { SIPTarget($0)?.uri } ?? target.plain
        tags.add(tern_siptag_to_str(), "<\(to)>")
        let user = HeaderText.user(request.fromUser)
        let domain = request.fromDomain.map { HeaderText.line($0, limit: 253) } ?? agent
        let uri = user.isEmpty ? "sip:\(domain)" : "sip:\(user)@\(domain)"
        let from = HeaderText.party(displayName: request.displayName, uri: uri)
        tags.add(tern_siptag_from_str(), "\(from);tag=\(dialog.fromTag)")
        return tags
    }

    private func inviteTags(_ request: SIPInviteRequest, contact: String, _ dialog: DialogName) -> TagList {
        var tags = TagList()
        tags.add(tern_siptag_call_id_str(), dialog.callID)
        tags.add(tern_siptag_contact_str(), contact)
        tags.addBody(request.sdp)
        let isReliable = request.offersReliableProvisionals ?? configuration.offersReliableProvisionals
        let isWithout = request.sdp == nil || !isReliable
        tags.add(tern_siptag_supported_str(), isWithout ? SIPStack.extensionsWithoutReliability : SIPStack.supportedExtensions)
        if let required = request.required { tags.add(tern_siptag_require_str(), required) }
        if !request.routes.isEmpty {
            tags.add(tern_nutag_initial_route_str(), request.routes.map { "<\($0)>" }.joined(separator: ","))
        } else if let route = request.route {
            tags.add(tern_nutag_initial_route_str(), "<\(route);lr>")
        }
        if let hops = request.maxForwards {
            tags.add(tern_siptag_max_forwards_str(), "\(max(0, min(255, hops)))")
        }
        tags.add(headers: request.headers)
        return tags
    }
}

/// A call of ours as long as its INVITE may go to another hop.
struct OutgoingCall {
    let id: SIPLegID
    let request: SIPInviteRequest
    let target: SIPTarget
    /// Where the request goes without a hop: the first Route, or the target.
    let first: SIPTarget
    /// The hops that were not tried yet; nil is ``first`` itself.
    var hops: [SIPHop?]
}

/// Names of next hops.
extension SIPEndpoint {
    /// Asks for the hops of a name. `then` hears of them once, at the latest after the limit, with none then.
    func resolve(_ name: SIPServerName, then: @escaping @LoopActor ([SIPHop]) -> Void) {
        guard let resolve = configuration.resolve else {
            LoopActor.task { then([]) }
            return
        }
        let answer = Once(then)
        let task = LoopActor.task { answer.give(await resolve(name)) }
        answer.limit = LoopTimer.schedule(after: configuration.resolveLimit) {
            task.cancel()
            answer.give([])
        }
    }

    /// An answer that counts once.
    @LoopActor
    private final class Once {
        var limit: LoopTimer?
        private var then: (@LoopActor ([SIPHop]) -> Void)?

        init(_ then: @escaping @LoopActor ([SIPHop]) -> Void) { self.then = then }

        func give(_ hops: [SIPHop]) {
            limit?.cancel()
            limit = nil
            let then = then
            self.then = nil
            then?(hops)
        }
    }
}

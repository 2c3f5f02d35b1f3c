internal import CSofiaSIP
internal import EventLoop

/// Sends the requests of a leg where its ``LegCourse`` says.
extension Leg {
    /// Before our INVITE.
    func begin(at hop: SIPHop) {
        course.first = hop
        steer(to: hop.uri)
    }

    /// At the peer's INVITE.
    func begin(by flow: SIPFlow?, _ message: IncomingMessage) {
        course.first = flow.map { SIPHop($0) }
        course.origin = course.first?.uri
        course.isProxied = message.vias > 1
        note(message)
    }

    /// What a message that makes or changes the dialog says of the way (RFC 3261 sections 12.1 and 12.2).
    func note(_ message: IncomingMessage?) {
        guard let message else { return }
        if let allowsInfo = message.allowsInfo { peerListsInfo = allowsInfo }
        if let host = message.contactHost { course.contactHost = host }
        if let contact = message.contact { course.target = contact }
        guard !hasRouteSet else { return }
        // A caller's is in the reverse order (section 12.1.2).
        course.firstRoute = course.isOurs ? message.lastRecordRoute : message.firstRecordRoute
        hasRouteSet = !course.isOurs || message.isSuccess
    }

    /// Before each request of ours within the dialog: has Sofia send it where it is to go. False while that is a name that is
    /// being resolved.
    @discardableResult
    func aim() -> Bool {
        let detour = course.detour { endpoint?.flowSockets.isOpen($0) ?? false }
        guard let name = SIPTarget(course.destination(detour))?.name else {
            if detour != steered { steer(to: detour) }
            return true
        }
        switch names[name] {
        case .resolved(let uri)?:
            if uri != steered { steer(to: uri) }
            return true
        case .asked?:
            return false
        case nil:
            ask(name)
            return false
        }
    }

    private func ask(_ name: SIPServerName) {
        if names.count >= Leg.mostNames { names = names.filter { $0.value == .asked } }
        names[name] = .asked
        guard let endpoint else { return }
        endpoint.resolve(name) { [weak self] hops in self?.found(name, hops) }
    }

    private func found(_ name: SIPServerName, _ hops: [SIPHop]) {
        let hop = hops.first { hop in
            guard let address = hop.socketAddress, stack.serves(hop.transport, isV6: address.ip.isIPv6) else { return false }
            return hop.transport != .tls || stack.tls?.expect(hop.serverName ?? name.host, at: address.hostPort) == true
        }
        if hop == nil {
            logger.warning("Next hop cannot be resolved", metadata: ["host": "\(name.host)", "instead": "\(course.origin ?? "")"])
        }
        names[name] = .resolved(hop?.uri ?? course.origin)
        release()
    }

    /// Names that one dialog can bring, one after the other.
    private static let mostNames = 8

    /// Before the handle goes: what Sofia sends by itself is not to be sent to a name.
    func aimAtOrigin() {
        guard !held.isEmpty else { return }
        held = []
        steer(to: course.origin)
    }

    /// Gives Sofia a request. One that may be too big for a datagram goes by TCP (RFC 3261 section 18.1.1), but not to a phone
    /// that is reached over a UDP flow.
    ///
    /// - Parameter bytes: What the header fields have beyond those of every request.
    func send(
        bytes: Int = 0, _ body: String?, _ tags: consuming TagList, by verb: (OpaquePointer?, UnsafePointer<tagi_t>?) -> Void
    ) {
        let isSmall = bytes + (body?.utf8.count ?? 0) + Leg.usualHeaders < SIPStack.largestSafeDatagram
        let isUDPFlow = course.first?.flow?.transport == .udp && steered != nil && steered == course.first?.uri
        tags.withTags { tags in
            if isSmall || isUDPFlow { return verb(handle, tags) }
            stack.preferringTCP { verb(handle, tags) }
        }
    }

    /// Bytes of the header fields that every INVITE of ours has.
    private static let usualHeaders = 550

    private func steer(to uri: String?) {
        steered = uri
        var tags = TagList()
        if let uri { tags.add(tern_ntatag_default_proxy(), uri) } else { tags.add(tern_ntatag_default_proxy(), 0) }
        tags.withTags { tern_nua_set_hparams(handle, $0) }
    }
}

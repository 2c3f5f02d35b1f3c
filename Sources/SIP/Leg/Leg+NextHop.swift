internal import CSofiaSIP
internal import EventLoop
internal import Logging

/// Sends the requests of a leg where its ``NextHop`` says.
extension Leg {
    /// Before our INVITE.
    func begin(at hop: SIPHop) {
        nextHop.begin(at: hop)
        give(proxy: hop.uri)
    }

    /// A message that makes or changes the dialog.
    func apply(_ message: IncomingMessage?) {
        guard let message else { return }
        if let allowsInfo = message.allowsInfo { peerListsInfo = allowsInfo }
        if message.supportsReplaces { peerSupportsReplaces = true }
        nextHop.apply(message.wayBack)
    }

    /// Before each request of ours within the dialog: has Sofia send it where it is to go. False while that is a name that is
    /// being resolved.
    @discardableResult
    func prepareNextHop() -> Bool {
        switch nextHop.prepare(isOpen: { endpoint?.flowSockets.isOpen($0) ?? false }) {
        case .send: return true
        case .setProxy(let uri):
            give(proxy: uri)
            return true
        case .resolve(let name):
            endpoint?.resolve(name) { [weak self] hops in self?.resolved(name, hops) }
            return false
        case .wait: return false
        }
    }

    private func resolved(_ name: SIPServerName, _ hops: [SIPHop]) {
        let hop = hops.first { hop in
            guard let address = hop.socketAddress, stack.serves(hop.transport, isV6: address.ip.isIPv6) else { return false }
            return hop.transport != .tls || stack.tls?.expect(hop.serverName ?? name.host, at: address.hostPort) == true
        }
        if hop == nil {
            let fields: Logger.Metadata = ["host": "\(name.host)", "instead": "\(nextHop.origin ?? "")"]
            logger.warning("Next hop cannot be resolved", metadata: endpoint?.metadata(of: id).merging(fields) { $1 } ?? fields)
        }
        nextHop.resolve(name, to: hop?.uri)
        sendWaiting()
    }

    /// Sends the requests that wait, in their order, as far as their next hop is known.
    func sendWaiting() {
        while nextHop.hasWaiting, prepareNextHop() {
            if let request = nextHop.dequeue() { carryOut(request) }
        }
    }

    /// Before the handle goes.
    func closeNextHop() {
        if case .setProxy(let uri)? = nextHop.close() { give(proxy: uri) }
    }

    /// Gives Sofia a request.
    ///
    /// - Parameter bytes: What the header fields have beyond those of every request.
    func send(
        bytes: Int = 0, _ body: String?, _ tags: consuming TagList, by verb: (OpaquePointer?, UnsafePointer<tagi_t>?) -> Void
    ) {
        let prefersTCP = nextHop.prefersTCP(bytes: bytes + (body?.utf8.count ?? 0) + Leg.usualHeaders)
        tags.withTags { tags in
            if prefersTCP { stack.preferringTCP { verb(handle, tags) } } else { verb(handle, tags) }
        }
    }

    /// Bytes of the header fields that every INVITE of ours has.
    private static let usualHeaders = 550

    private func give(proxy: String?) {
        var tags = TagList()
        if let proxy { tags.add(tern_ntatag_default_proxy(), proxy) } else { tags.add(tern_ntatag_default_proxy(), 0) }
        tags.withTags { tern_nua_set_hparams(handle, $0) }
    }
}

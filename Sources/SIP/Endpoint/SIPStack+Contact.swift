internal import EventLoop
internal import SIPNames

extension SIPStack {
    /// Our Contact for a dialog: where the peer is to send its requests, over the transport that it came by
    /// (RFC 3261 sections 8.1.1.8 and 12.1.1).
    ///
    /// - Parameter peer: Numeric address of the peer, if known; decides between addresses when all are listened on.
    /// - Parameter isSecure: Whether the dialog's URIs are `sips:`.
    func contact(_ transport: ListenAddress.Transport, peer: SocketAddress?, isSecure: Bool = false) -> String {
        let host = ListenAddress(transport: transport, address: contactAddress(peer), port: port).hostAndPort
        if isSecure { return "<sips:\(host)>" }
        return transport == .udp ? "<sip:\(host)>" : "<sip:\(host);transport=\(transport.rawValue)>"
    }

    private func contactAddress(_ peer: SocketAddress?) -> String {
        guard listening.first?.isWildcard == true else { return address }
        // Without a peer, the address towards anywhere: a documentation address (RFC 5737, RFC 3849) takes the default route.
        let elsewhere = address.contains(":") ? "2001:db8::1" : "192.0.2.1"
        let towards = peer ?? SocketAddress(address: elsewhere, port: 5_060)
        return towards?.localAddressTowards ?? address
    }

    /// Whether requests to `target` can go out here.
    func serves(_ target: SIPTarget) -> Bool {
        // Without a transport it is UDP or TCP (RFC 3263 section 4.1).
        let isServed = target.transport.map { transports.contains($0) } ?? (transports != [.tls])
        guard isServed else { return false }
        let isV6 = address.contains(":")
        return target.address.map { $0.ip.isIPv6 == isV6 } ?? true
    }

    /// Whether requests can go out here over `transport`, to an address of that family.
    func serves(_ transport: ListenAddress.Transport, isV6: Bool) -> Bool {
        transports.contains(transport) && address.contains(":") == isV6
    }
}

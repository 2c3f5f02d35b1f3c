internal import SIPNames

/// Where the requests of a leg go, when not where Sofia would send them by itself (RFC 3261 section 12.2.1.1).
///
/// It is pure: it knows what the messages said, and is told whether a connection stands.
struct LegCourse: Equatable {
    /// Where our INVITE was sent, or how the peer's came; nil leaves all to Sofia.
    var first: SIPHop?
    /// Whether the INVITE is ours.
    var isOurs = false
    /// Whether the peer's INVITE came through proxies, which the addresses in it do not tell of.
    var isProxied = false
    /// The URI of the nearest proxy in the route set; nil when the set is empty.
    var firstRoute: String?
    /// The host of the remote target, from the peer's last Contact.
    var contactHost: String?
    /// Where the peer, or the proxy before it, was when the leg began: for a name that leads nowhere.
    var origin: String?
    /// Whether names lead anywhere.
    var resolvesNames = false
    /// The remote target: what our INVITE was for, later the peer's last Contact.
    var target = ""

    /// What stands in the request line: a nearest proxy that routes strictly gets itself (RFC 3261 section 12.2.1.1).
    var requestURI: String {
        guard let firstRoute else { return target }
        let parameters = firstRoute.split(separator: ";").dropFirst().map { $0.lowercased() }
        return parameters.contains { $0 == "lr" || $0.hasPrefix("lr=") } ? target : firstRoute
    }

    /// The URI to which the next request within the dialog goes instead; nil leaves it to the route set and the remote target.
    func detour(isOpen: (SIPFlow) -> Bool) -> String? {
        guard let first else { return nil }
        // A route set is always followed. Where the INVITE had a way of its own, Sofia has to be told.
        if let firstRoute { return isOurs ? firstRoute : nil }
        guard let flow = first.flow else { return followsContact(from: first) ? nil : first.uri }
        if flow.transport == .udp { return isOurs || !followsContact(from: first) ? first.uri : nil }
        // Over its connection, unless the peer names another host that can be reached: then nothing of it is at this end.
        let isElsewhere = !isOurs && followsContact(from: first) && contactHost != first.address
        return !isElsewhere && isOpen(flow) ? first.uri : nil
    }

    /// The URI whose host the next request within the dialog goes to, by `detour` or else as Sofia has it.
    func destination(_ detour: String?) -> String { detour ?? firstRoute ?? target }

    /// Whether the Contact is an address that can be reached: where the peer is, a public one, or one in the same network.
    private func followsContact(from first: SIPHop) -> Bool {
        guard let contactHost else { return !isOurs }
        guard let contact = SocketAddress(address: contactHost, port: 5_060),
            let peer = SocketAddress(address: first.address, port: 5_060)
        else {
            // RFC 7118 section 5 has clients that cannot know their address make up such a name.
            return (!isOurs || resolvesNames && first.flow == nil) && !contactHost.lowercased().hasSuffix(".invalid")
        }
        return contact == peer || !contact.ip.isPrivate || (isOurs || isProxied) && peer.ip.isPrivate
    }
}

extension SessionDescription {
    /// The host names at which media is wanted, in lower case: those of the `c=` lines of media that are not refused (RFC 8866, section 5.7).
    /// Empty where all of them are addresses.
    public var hostNames: Set<String> {
        let connections = media.filter { $0.port != 0 }.compactMap(connection(for:))
        return Set(connections.filter { $0.host == .name }.map { $0.address.lowercased() })
    }

    /// Puts addresses in the place of host names, in every `c=`.
    ///
    /// - Parameter addresses: By host name in lower case, as `hostNames` has them: a literal IPv4 or IPv6 address. What is no such literal is
    ///   left out, and a name that is not among these stays.
    public mutating func resolve(_ addresses: [String: String]) {
        connection = connection?.resolved(addresses)
        for index in media.indices { media[index].connection = media[index].connection?.resolved(addresses) }
    }
}

extension Connection {
    fileprivate func resolved(_ addresses: [String: String]) -> Connection {
        guard host == .name, let literal = addresses[address.lowercased()] else { return self }
        if HostKind.ipv4(literal) != nil { return Connection(addressType: .ip4, address: literal) }
        if HostKind.isIPv6(literal) { return Connection(addressType: .ip6, address: literal) }
        return self
    }
}

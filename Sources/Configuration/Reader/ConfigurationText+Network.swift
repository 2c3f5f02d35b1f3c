internal import SIPNames

extension ConfigurationText {
    /// `udp:ADDRESS:PORT`, `tcp:ADDRESS:PORT` or `tls:ADDRESS:PORT`, the last of which may lack the port.
    static func sipListener(_ text: String) throws(Refusal) -> ListenAddress {
        guard let colon = text.firstIndex(of: ":") else {
            throw Refusal("\(quoted(text)) is not of the form udp:ADDRESS:PORT, tcp:ADDRESS:PORT or tls:ADDRESS:PORT")
        }
        let scheme = String(text[..<colon]).lowercased()
        guard let transport = ListenAddress.Transport(rawValue: scheme) else {
            throw Refusal("\(quoted(text)) must start with udp:, tcp: or tls:")
        }
        return try listener(
            String(text[text.index(after: colon)...]), transport: transport, usualPort: transport == .tls ? 5_061 : nil)
    }

    /// `ADDRESS:PORT`, IPv6 in brackets.
    static func listener(
        _ text: String, transport: ListenAddress.Transport, usualPort: Int? = nil
    ) throws(Refusal) -> ListenAddress {
        let (host, given) = try hostAndPort(text)
        guard let port = given ?? usualPort else { throw Refusal("\(quoted(text)) lacks a port") }
        if host == "*" { throw Refusal("* is not an address: 0.0.0.0 is all of IPv4, [::] all of IPv6") }
        guard let address = IPAddress(host) else {
            let hint = host == "localhost" ? ": 127.0.0.1 is meant" : ""
            throw Refusal("\(quoted(host)) is not an IP address\(hint)")
        }
        guard !address.isMulticastOrBroadcast else { throw Refusal("\(address) is no address of one machine") }
        return ListenAddress(transport: transport, address: address.description, port: port)
    }

    /// `ADDRESS` or `ADDRESS:PORT`, IPv6 in brackets where there is a port.
    static func nameServer(_ text: String) throws(Refusal) -> SocketAddress {
        let (host, port) = IPAddress(text) == nil ? try hostAndPort(text) : (text, nil)
        guard let address = IPAddress(host) else { throw Refusal("\(quoted(host)) is not an IP address") }
        guard port != 0 else { throw Refusal("port 0 cannot be asked") }
        guard address.isOfOneHost, let port = UInt16(exactly: port ?? 53) else { throw Refusal("\(address) is no address of one machine") }
        return SocketAddress(address, port: port)
    }

    /// Splits `HOST`, `HOST:PORT`, `[IPV6]` and `[IPV6]:PORT`.
    static func hostAndPort(_ text: String) throws(Refusal) -> (host: String, port: Int?) {
        let host: Substring
        let rest: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Refusal("\(quoted(text)) lacks a ]") }
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
            guard IPAddress(String(host))?.isIPv6 == true else {
                throw Refusal("\(quoted(String(host))) in brackets is not an IPv6 address")
            }
        } else {
            host = text.prefix { $0 != ":" }
            rest = text[host.endIndex...]
            if rest.dropFirst().contains(":") {
                throw Refusal("\(quoted(text)) is not ADDRESS:PORT; an IPv6 address stands in brackets, as in [::1]:5060")
            }
        }
        guard !host.isEmpty else { throw Refusal("\(quoted(text)) lacks an address") }
        guard !rest.isEmpty else { return (String(host), nil) }
        guard rest.first == ":", let port = Int(rest.dropFirst()), rest.dropFirst().allSatisfy(\.isNumber) else {
            throw Refusal("\(quoted(text)) does not end in a port")
        }
        guard (0...65_535).contains(port) else { throw Refusal("port \(port) is not in 0 to 65535") }
        return (String(host), port)
    }

    /// A host name (RFC 1123 section 2.1) or an address; IPv6 gets its brackets.
    static func host(_ text: String) throws(Refusal) -> String {
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        if let address = IPAddress(bare) { return address.isIPv6 ? "[\(address)]" : address.description }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName = text.utf8.count <= 253 && labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
        guard isName else { throw Refusal("\(quoted(text)) is neither a host name nor an address") }
        return text.lowercased()
    }

    /// An IPv4 address of this machine that phones can send RTP to.
    static func mediaAddress(_ text: String) throws(Refusal) -> String {
        let address = try hostAddress(text)
        guard !address.isIPv6 else { throw Refusal("\(address) is an IPv6 address, which is for media.address6: give an IPv4 address") }
        return address.description
    }

    /// The IPv4 address by which others reach this machine through a NAT.
    static func publicAddress(_ text: String) throws(Refusal) -> IPAddress {
        let address = try hostAddress(text).unmapped
        guard !address.isIPv6 else { throw Refusal("\(address) is an IPv6 address, which needs no NAT: give an IPv4 address") }
        guard !address.isLoopback else { throw Refusal("\(address) is loopback, which nobody else reaches") }
        return address
    }

    /// The same for IPv6. One that belongs to a link is of no use: phones are told an address without its interface (RFC 4007, section 11).
    static func mediaAddress6(_ text: String) throws(Refusal) -> String {
        let address = try hostAddress(text)
        guard address.isIPv6 else { throw Refusal("\(address) is an IPv4 address, which is for media.address: give an IPv6 address") }
        guard !address.isLinkLocal else { throw Refusal("\(address) is an address of one link: give one that phones elsewhere can reach") }
        return address.description
    }

    private static func hostAddress(_ text: String) throws(Refusal) -> IPAddress {
        guard let address = IPAddress(text) else { throw Refusal("\(quoted(text)) is not an IP address") }
        guard !address.isUnspecified else { throw Refusal("phones cannot send to \(address): name one address, or leave the key out") }
        guard !address.isMulticastOrBroadcast else { throw Refusal("\(address) is no address of one machine") }
        return address
    }

    /// `ws://HOST:PORT/PATH`.
    static func webSocketURL(_ text: String) throws(Refusal) -> String {
        let text = try printable(text, in: 1...512)
        guard text.lowercased().hasPrefix("ws://") else {
            let hint = text.lowercased().hasPrefix("wss://") ? ": TLS towards Janus is not supported" : ""
            throw Refusal("\(quoted(text)) does not start with ws://\(hint)")
        }
        let authority = String(text.dropFirst(5).prefix { $0 != "/" && $0 != "?" })
        let (name, port) = try hostAndPort(authority)
        _ = try host(name)
        guard port != 0, !text.contains(" ") else { throw Refusal("\(quoted(text)) is not a URL of the form ws://HOST:PORT/PATH") }
        return text
    }

    /// `ws://HOST:PORT/PATH`, and behind it, each after a space, an IPv4 and an IPv6 address that phones send RTP to.
    static func externalJanus(_ text: String) throws(Refusal) -> GatewayConfiguration.Janus.External {
        let words = text.split(separator: " ").map(String.init)
        var janus = GatewayConfiguration.Janus.External(try webSocketURL(words.first ?? text))
        for word in words.dropFirst() {
            let isIPv6 = IPAddress(word)?.isIPv6 == true
            guard isIPv6 ? janus.address6 == nil : janus.address == nil else { throw Refusal("\(quoted(text)) has two \(isIPv6 ? "IPv6" : "IPv4") addresses") }
            if isIPv6 { janus.address6 = try mediaAddress6(word) } else { janus.address = try mediaAddress(word) }
        }
        guard janus.address6 == nil || janus.address != nil else { throw Refusal("\(quoted(text)) has an IPv6 address, and none of IPv4, which most phones need") }
        return janus
    }

    /// `https://example.org` or with a port, as a browser sends it in Origin (RFC 6454 section 6.1).
    static func origin(_ text: String) throws(Refusal) -> String {
        let text = try printable(text, in: 1...300).lowercased()
        if text == "*" { return text }
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where text.hasPrefix(scheme) {
            // As browsers write it (RFC 6454 section 6.1): without a path, and without the scheme's own port.
            var rest = text.dropFirst(scheme.count)
            if rest.hasSuffix("/") { rest = rest.dropLast() }
            let (name, _) = try hostAndPort(String(rest))
            _ = try host(name)
            if rest.hasSuffix(port) { rest = rest.dropLast(port.count) }
            return scheme + rest
        }
        throw Refusal("\(quoted(text)) is not an origin as in https://example.org")
    }
}

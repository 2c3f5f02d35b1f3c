/// The parts of a `sip:` or `sips:` URI that decide where a request goes.
struct SIPTarget {
    /// As it was given, without headers: in a request they would become header fields of it (RFC 3261 section 19.1.5), a Route or
    /// an identity that whoever wrote the URI thought up.
    let uri: String
    let host: String
    /// Nil where there is none.
    let port: Int?
    /// The host where it is a numeric address.
    let address: SocketAddress?
    /// The `transport` parameter; nil leaves the choice to RFC 3263. TLS for `sips:`.
    let transport: SIPListenAddress.Transport?
    /// Whether it is a `sips:` URI, which never goes without TLS (RFC 3261 section 26.2.2).
    let isSecure: Bool
    /// Scheme, user, host and port, without parameters and headers: for a To header.
    let plain: String

    /// Nil when it is no `sip:` or `sips:` URI, asks for a transport that is not built in, or has characters that a URI cannot have.
    init?(_ uri: String) {
        guard SIPTarget.isHarmless(uri), uri.utf8.count <= 1_024, let colon = uri.firstIndex(of: ":") else { return nil }
        let scheme = uri[..<colon].lowercased()
        guard ["sip", "sips"].contains(scheme) else { return nil }
        isSecure = scheme == "sips"
        let rest = uri[uri.index(after: colon)...]
        // Before the first ";" or "?" after the "@": a user part may contain both.
        let hostStart = rest.firstIndex(of: "@").map { rest.index(after: $0) } ?? rest.startIndex
        let hostEnd = rest[hostStart...].firstIndex { $0 == ";" || $0 == "?" } ?? rest.endIndex
        let hostPort = rest[hostStart..<hostEnd]
        guard let (host, port) = SIPTarget.split(hostPort), !host.isEmpty else { return nil }
        let parameters = rest[hostEnd...].prefix { $0 != "?" }.split(separator: ";").map { $0.lowercased() }
        switch parameters.first(where: { $0.hasPrefix("transport=") }) {
        case nil: transport = isSecure ? .tls : nil
        case "transport=udp" where !isSecure: transport = .udp
        // In a `sips:` URI it means TLS over TCP.
        case "transport=tcp": transport = isSecure ? .tls : .tcp
        case "transport=tls": transport = .tls
        default: return nil
        }
        self.uri = String(uri[..<(rest[hostEnd...].firstIndex(of: "?") ?? uri.endIndex)])
        self.host = host
        self.port = port
        address = SocketAddress(address: host, port: port ?? (transport == .tls ? 5_061 : 5_060))
        plain = "\(scheme):\(rest[..<hostEnd])"
    }

    /// Whether there are only characters that a URI can have.
    static func isHarmless(_ uri: String) -> Bool {
        uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"\\^`{|}".utf8.contains($0) }
    }

    /// What is to be resolved, where the host is a name.
    var name: SIPServerName? {
        address == nil ? SIPServerName(host: host.lowercased(), port: port, transport: transport) : nil
    }

    /// Host without brackets, and port.
    private static func split(_ hostPort: Substring) -> (host: String, port: Int?)? {
        if hostPort.hasPrefix("[") {
            guard let end = hostPort.firstIndex(of: "]") else { return nil }
            let host = String(hostPort[hostPort.index(after: hostPort.startIndex)..<end])
            let after = hostPort[hostPort.index(after: end)...]
            if after.isEmpty { return (host, nil) }
            guard after.hasPrefix(":"), let port = Int(after.dropFirst()) else { return nil }
            return (host, port)
        }
        let parts = hostPort.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first else { return nil }
        guard parts.count == 2 else { return (String(host), nil) }
        guard let port = Int(parts[1]), (1...65_535).contains(port) else { return nil }
        return (String(host), port)
    }
}

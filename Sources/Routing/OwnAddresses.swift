public import Configuration
public import SIP

/// Where this gateway itself is reached by SIP: a call that it makes to there would come back, and again, without end.
public struct OwnAddresses {
    private let listening: [SIPListenAddress]
    /// The name that stands in our own requests.
    private let domain: String
    /// Asked only where a listener takes what comes to any address.
    private let host: () -> HostAddresses

    public init(
        listening: [SIPListenAddress], domain: String, host: @escaping () -> HostAddresses = { .current() }
    ) {
        self.listening = listening
        self.domain = domain
        self.host = host
    }

    /// Whether a `sip:` or `sips:` URI leads to one of them: by address, or by the gateway's own name. Other names are not looked up.
    public func contain(uri: String) -> Bool {
        guard let (name, port) = OwnAddresses.hostAndPort(of: uri) else { return false }
        if name.caseInsensitiveEquals(domain) || name.caseInsensitiveEquals("localhost") {
            return listening.contains { $0.port == port }
        }
        return listening.contains { $0.port == port && reaches(name, $0.address) }
    }

    /// Whether a host is this gateway, or the domain that it serves, whatever the port.
    public func contain(host name: String) -> Bool {
        let name = name.filter { $0 != "[" && $0 != "]" }
        return name.caseInsensitiveEquals(domain) || name.caseInsensitiveEquals("localhost")
            || listening.contains { reaches(name, $0.address) }
    }

    /// Whether a request over UDP that came from `source`, as `192.0.2.1:5060`, was sent by this gateway: nobody else can send
    /// from a port that it has bound.
    public func contain(source: String, _ transport: SIPListenAddress.Transport) -> Bool {
        guard transport == .udp, let (name, port) = OwnAddresses.split(source[...]) else { return false }
        return listening.contains { $0.transport == .udp && $0.port == port && reaches(name, $0.address) }
    }

    private func reaches(_ name: String, _ listener: String) -> Bool {
        guard let address = IPAddress(name), let own = IPAddress(listener) else { return false }
        if address == own { return true }
        guard own.isUnspecified else { return false }
        return address.isLoopback || address.isUnspecified || host().all.contains { IPAddress($0) == address }
    }

    /// RFC 3261 section 19.1.1; port 5060 where none is given, 5061 for TLS.
    private static func hostAndPort(of uri: String) -> (String, Int)? {
        let scheme = uri.prefix { $0 != ":" }.lowercased()
        guard ["sip", "sips"].contains(scheme) else { return nil }
        let rest = uri.dropFirst(scheme.count + 1)
        let start = rest.firstIndex(of: "@").map { rest.index(after: $0) } ?? rest.startIndex
        let end = rest[start...].firstIndex { $0 == ";" || $0 == "?" } ?? rest.endIndex
        let isTLS = scheme == "sips" || rest[end...].lowercased().contains(";transport=tls")
        return split(rest[start..<end], usualPort: isTLS ? 5_061 : 5_060)
    }

    private static func split(_ text: Substring, usualPort: Int = 5_060) -> (String, Int)? {
        let end = text.hasPrefix("[") ? text.firstIndex(of: "]").map { text.index(after: $0) } : text.firstIndex(of: ":") ?? text.endIndex
        guard let end else { return nil }
        let name = text[..<end].filter { $0 != "[" && $0 != "]" }
        guard !name.isEmpty else { return nil }
        if end == text.endIndex { return (name, usualPort) }
        guard text[end] == ":", let port = Int(text[text.index(after: end)...]) else { return nil }
        return (name, port)
    }
}

extension String {
    fileprivate func caseInsensitiveEquals(_ other: String) -> Bool { lowercased() == other.lowercased() }
}

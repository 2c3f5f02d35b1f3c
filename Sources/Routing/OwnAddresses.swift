public import Configuration
public import SIPNames

/// Where this gateway itself is reached by SIP: a call that it makes to there would come back, and again, without end.
public struct OwnAddresses {
    private let listening: [ListenAddress]
    /// The name that stands in our own requests.
    private let domain: String
    /// The address that a NAT leads to the listeners of IPv4; nil where there is no such NAT.
    private let publicAddress: IPAddress?
    /// Asked only where a listener takes what comes to any address.
    private let host: () -> HostAddresses

    public init(
        listening: [ListenAddress], domain: String, publicAddress: IPAddress? = nil, host: @escaping () -> HostAddresses = { .current() }
    ) {
        self.listening = listening
        self.domain = domain
        self.publicAddress = publicAddress
        self.host = host
    }

    /// Whether a `sip:` or `sips:` URI leads to one of them: by address, or by the gateway's own name. Other names are not looked up.
    public func contain(uri: String) -> Bool {
        guard let uri = SIPURI(uri) else { return false }
        // RFC 3261 section 19.1.1.
        let port = uri.port ?? (uri.needsTLS ? 5_061 : 5_060)
        if uri.host.caseInsensitiveEquals(domain) || uri.host == "localhost" {
            return listening.contains { $0.port == port }
        }
        return listening.contains { $0.port == port && reaches(uri.host, $0.address) }
    }

    /// Whether a host is this gateway, or the domain that it serves, whatever the port.
    public func contain(host name: String) -> Bool {
        let name = name.filter { $0 != "[" && $0 != "]" }
        return name.caseInsensitiveEquals(domain) || name.caseInsensitiveEquals("localhost")
            || listening.contains { reaches(name, $0.address) }
    }

    /// Whether one of the listeners has that port.
    public func listens(at port: Int) -> Bool { listening.contains { $0.port == port } }

    /// Whether a request over UDP that came from `source`, as `192.0.2.1:5060`, was sent by this gateway: nobody else can send
    /// from a port that it has bound. The public address of a NAT is another matter: hosts behind the NAT send from it as well.
    public func contain(source: String, _ transport: ListenAddress.Transport) -> Bool {
        guard transport == .udp, let source = SocketAddress(source) else { return false }
        return listening.contains { $0.transport == .udp && $0.port == source.port && reaches(source.address, $0.address, throughNAT: false) }
    }

    private func reaches(_ name: String, _ listener: String, throughNAT: Bool = true) -> Bool {
        guard let address = IPAddress(name), let own = IPAddress(listener) else { return false }
        if address == own || throughNAT && address == publicAddress && !own.isIPv6 && !own.isLoopback { return true }
        guard own.isUnspecified else { return false }
        return address.isLoopback || address.isUnspecified || host().all.contains { IPAddress($0) == address }
    }
}

extension String {
    fileprivate func caseInsensitiveEquals(_ other: String) -> Bool { lowercased() == other.lowercased() }
}

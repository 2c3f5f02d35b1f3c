/// The parts of a SIP URI that say where it is reached (RFC 3263 section 4).
public struct SIPDestination: Hashable, Sendable {
    public enum Scheme: String, Sendable {
        case sip, sips
    }

    public var scheme: Scheme
    /// The `maddr` parameter, or else the host: a name or an IP address, IPv6 with or without brackets.
    public var host: String
    public var port: Int?
    /// The `transport` parameter. In a `sips:` URI `tcp` means TLS over TCP.
    public var transport: Hop.Transport?

    public init(scheme: Scheme = .sip, host: String, port: Int? = nil, transport: Hop.Transport? = nil) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.transport = transport
    }

    /// The transports that it may be reached by, of ours and in our order; empty when none fits.
    func transports(of paths: [Hop.Path]) -> [Hop.Transport] {
        var ours: [Hop.Transport] = []
        for path in paths where !ours.contains(path.transport) { ours.append(path.transport) }
        switch (scheme, transport) {
        case (.sips, nil), (.sips, .tcp), (.sips, .tls): return ours.filter { $0 == .tls }
        case (.sips, .udp): return []
        case (.sip, nil): return ours
        case (.sip, let transport): return ours.filter { $0 == transport }
        }
    }

    /// The transport where neither the URI nor DNS names one: UDP, or TLS for `sips:` (section 4.1), or what we have.
    static func plainTransport(of transports: [Hop.Transport]) -> Hop.Transport? {
        [.udp, .tcp, .tls].first { transports.contains($0) }
    }
}

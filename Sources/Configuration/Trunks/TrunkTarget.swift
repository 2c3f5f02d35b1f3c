internal import SIPNames

/// One entry of a trunk's `targets`: `sip:HOST[:PORT][;transport=udp|tcp|tls]` or `sips:HOST[:PORT]`.
public struct TrunkTarget: Sendable, Hashable {
    /// Whether the URI is a `sips:` one: TLS, and on every hop.
    public var isSecure: Bool
    /// A host name or address, IPv6 in brackets.
    public var host: String
    /// Nil leaves it to the transport, or to SRV records (RFC 3263 section 4.2).
    public var port: Int?
    /// `udp`, `tcp` or `tls`; nil leaves it to NAPTR and SRV records (RFC 3263 section 4.1).
    public var transport: String?

    public init(host: String, port: Int? = nil, transport: String? = nil, isSecure: Bool = false) {
        self.host = host
        self.port = port
        self.transport = transport
        self.isSecure = isSecure
    }

    /// A Request-URI at this target, for `user`, which is escaped here; empty for none, as in OPTIONS and REGISTER.
    public func uri(user: String) -> String {
        let user = user.isEmpty ? "" : SIPURI.escaped(user: user) + "@"
        let port = port.map { ":\($0)" } ?? ""
        return (isSecure ? "sips:" : "sip:") + user + host + port + (transport.map { ";transport=\($0)" } ?? "")
    }
}

extension TrunkTarget: CustomStringConvertible {
    public var description: String { uri(user: "") }
}

internal import SIPNames

/// The parts of a `sip:` or `sips:` URI that decide where a request goes.
struct SIPTarget {
    /// As it was given, without headers: in a request they would become header fields of it (RFC 3261 section 19.1.5), a Route or
    /// an identity that whoever wrote the URI thought up.
    let uri: String
    /// Without brackets.
    let host: String
    /// Nil where there is none.
    let port: Int?
    /// The host where it is a numeric address.
    let address: SocketAddress?
    /// The `transport` parameter; nil leaves the choice to RFC 3263. TLS for `sips:`.
    let transport: ListenAddress.Transport?
    /// Whether it is a `sips:` URI, which never goes without TLS (RFC 3261 section 26.2.2).
    let isSecure: Bool
    /// Scheme, user, host and port, without parameters and headers: for a To header.
    let plain: String

    /// Nil when it is no `sip:` or `sips:` URI, asks for a transport that is not built in, or has characters that a URI cannot have.
    init?(_ text: String) {
        guard SIPTarget.isHarmless(text), let uri = SIPURI(text) else { return nil }
        switch uri.transport {
        case nil: transport = uri.isSecure ? .tls : nil
        case "udp" where !uri.isSecure: transport = .udp
        // In a `sips:` URI it means TLS over TCP.
        case "tcp": transport = uri.isSecure ? .tls : .tcp
        case "tls": transport = .tls
        default: return nil
        }
        self.uri = uri.target
        host = uri.host
        port = uri.port
        isSecure = uri.isSecure
        plain = uri.plain
        address = SocketAddress(address: uri.host, port: uri.port ?? (transport == .tls ? 5_061 : 5_060))
    }

    /// Whether there are only characters that a URI can have.
    static func isHarmless(_ uri: String) -> Bool {
        uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"\\^`{|}".utf8.contains($0) }
    }

    /// What is to be resolved, where the host is a name.
    var name: SIPServerName? {
        address == nil ? SIPServerName(host: host, port: port, transport: transport) : nil
    }
}

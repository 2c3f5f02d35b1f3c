/// A transport, an address and a port on which the endpoint listens.
public struct SIPListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// The transports that are built in.
    public enum Transport: String, Sendable {
        case udp, tcp, tls
    }

    public var transport: Transport
    /// A numeric IPv4 or IPv6 address (without brackets); `0.0.0.0` or `::` is every address of the host.
    public var address: String
    /// 0 asks for any free port; ``SIPEndpoint/listening`` tells which it became.
    public var port: Int

    public init(transport: Transport, address: String, port: Int) {
        self.transport = transport
        self.address = address
        self.port = port
    }

    /// `udp:127.0.0.1:5060`, `tcp:[::1]:5060`.
    public var description: String { "\(transport.rawValue):\(hostPort)" }

    /// The address with brackets where RFC 3261 wants them (section 25.1, `IPv6reference`).
    var uriHost: String { address.contains(":") ? "[\(address)]" : address }

    var hostPort: String { "\(uriHost):\(port)" }

    /// Whether this is every address of the host.
    var isWildcard: Bool { address == "0.0.0.0" || address == "::" || address == "*" }
}

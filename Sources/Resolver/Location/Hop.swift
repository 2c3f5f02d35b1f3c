/// Where a request is sent next: numeric, so that nobody below has to look a name up.
public struct Hop: Hashable, Sendable, CustomStringConvertible {
    public enum Transport: String, Sendable, CaseIterable {
        case udp, tcp, tls

        /// RFC 3261 section 19.1.2.
        public var standardPort: Int { self == .tls ? 5_061 : 5_060 }
    }

    public enum Family: Sendable, CaseIterable {
        case ipv4, ipv6
    }

    /// A way that requests can take from here: a transport over an address family.
    public struct Path: Hashable, Sendable {
        public var transport: Transport
        public var family: Family

        public init(_ transport: Transport, _ family: Family) {
            self.transport = transport
            self.family = family
        }

        /// Each of `transports` over each of `families`.
        public static func all(transports: [Transport], families: [Family] = [.ipv4]) -> [Path] {
            transports.flatMap { transport in families.map { Path(transport, $0) } }
        }
    }

    public var transport: Transport
    /// An IPv4 or IPv6 address in its shortest form, without brackets.
    public var address: String
    /// 1 to 65535.
    public var port: Int
    /// What the certificate of the peer must name: the domain of the URI, whatever it was resolved to (RFC 5922 section 4).
    public var serverName: String

    public init(transport: Transport, address: String, port: Int, serverName: String) {
        self.transport = transport
        self.address = address
        self.port = port
        self.serverName = serverName
    }

    /// `udp:192.0.2.1:5060`, `tls:[2001:db8::1]:5061`.
    public var description: String {
        "\(transport.rawValue):\(address.contains(":") ? "[\(address)]" : address):\(port)"
    }
}

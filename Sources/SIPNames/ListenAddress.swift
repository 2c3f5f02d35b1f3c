/// Where a listener is bound: a transport, an address and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// What is spoken below SIP or HTTP.
    public enum Transport: String, Sendable, CaseIterable {
        case udp, tcp, tls
    }

    public var transport: Transport
    /// An IPv4 or IPv6 address in its shortest form, without brackets; `0.0.0.0` and `::` are all of this machine's.
    public var address: String
    /// 0 to 65535; 0 takes any free port.
    public var port: Int

    public init(transport: Transport, address: String, port: Int) {
        self.transport = transport
        self.address = address
        self.port = port
    }

    /// `udp:127.0.0.1:5060`, `tcp:[::1]:5060`.
    public var description: String { "\(transport.rawValue):\(hostAndPort)" }

    /// `127.0.0.1:5060`, `[::1]:5060`.
    public var hostAndPort: String { "\(host):\(port)" }

    /// The address as a URI has it: IPv6 in brackets (RFC 3986 section 3.2.2).
    public var host: String { address.contains(":") ? "[\(address)]" : address }

    /// Whether only programs on this machine reach it.
    public var isLoopback: Bool { IPAddress(address)?.isLoopback ?? false }

    /// Whether it takes what arrives at any address of this machine.
    public var isWildcard: Bool { IPAddress(address)?.isUnspecified ?? (address == "*") }

    /// Whether both cannot be bound at once: same kind of socket and port, and same address or a wildcard of the same family.
    public func overlaps(_ other: ListenAddress) -> Bool {
        guard (transport == .udp) == (other.transport == .udp), port == other.port, port != 0,
            let mine = IPAddress(address), let theirs = IPAddress(other.address), mine.isIPv6 == theirs.isIPv6
        else { return false }
        return mine == theirs || mine.isUnspecified || theirs.isUnspecified
    }
}

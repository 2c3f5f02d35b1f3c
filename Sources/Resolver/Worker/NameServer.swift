public import SIPNames

/// A name server, by its address.
public struct NameServer: Hashable, Sendable, CustomStringConvertible {
    public static let standardPort = 53

    /// For UDP and TCP.
    public let address: SocketAddress

    /// Nil unless `address` can be one host's, and its port is not 0.
    public init?(_ address: SocketAddress) {
        guard address.ip.isOfOneHost, address.port > 0 else { return nil }
        self.address = address
    }

    /// Nil unless `address` is numeric, IPv6 with brackets or without, and can be one host's, and `port` is one.
    public init?(address: String, port: Int = NameServer.standardPort) {
        guard let ip = IPAddress(host: address), let port = UInt16(exactly: port) else { return nil }
        self.init(SocketAddress(ip, port: port))
    }

    /// `192.0.2.1:53`, `[2001:db8::1]:53`.
    public var description: String { address.description }

    /// The servers of a resolv.conf, at most three as in glibc; without any, this host, as there.
    static func list(inResolvConf text: String, port: Int) -> [NameServer] {
        let servers = text.split(whereSeparator: \.isNewline).compactMap { line -> NameServer? in
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.first == "nameserver", words.count > 1 else { return nil }
            // One with a zone, as in fe80::1%eth0, is left out: c-ares takes none.
            return NameServer(address: String(words[1]), port: port)
        }
        return servers.isEmpty ? [NameServer(address: "127.0.0.1", port: port)].compactMap { $0 } : Array(servers.prefix(3))
    }
}

/// A name server, by its address.
public struct NameServer: Hashable, Sendable, CustomStringConvertible {
    public static let standardPort = 53

    /// An IPv4 or IPv6 address in its shortest form, without brackets.
    public let address: String
    /// For UDP and TCP, 1 to 65535.
    public let port: Int

    /// Nil unless `address` is numeric and can be one host's, and `port` is one.
    public init?(address: String, port: Int = NameServer.standardPort) {
        guard let numeric = NumericAddress(address), numeric.isOfOneHost, (1...65_535).contains(port) else { return nil }
        self.address = numeric.description
        self.port = port
    }

    /// `192.0.2.1:53`, `[2001:db8::1]:53`.
    public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }

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

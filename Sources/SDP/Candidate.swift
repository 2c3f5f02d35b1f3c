/// An ICE candidate: `a=candidate` (RFC 8839, section 5.1).
public struct Candidate: Sendable, Hashable {
    public var foundation: String
    /// 1 is RTP, 2 is RTCP.
    public var component: UInt16
    /// `UDP` or `TCP`, in the case in which it was sent.
    public var transport: String
    public var priority: UInt32
    /// A literal address, or a name: browsers hide theirs behind one that ends in `.local`.
    public var address: String
    public var port: UInt16
    /// `host`, `srflx`, `prflx`, `relay`.
    public var type: String
    /// What follows the type, as sent: `raddr`, `rport`, `tcptype`, `generation`, `ufrag`, …
    public var extensions: String

    public init(
        foundation: String, component: UInt16, transport: String, priority: UInt32, address: String, port: UInt16,
        type: String, extensions: String = ""
    ) {
        self.foundation = foundation
        self.component = component
        self.transport = transport
        self.priority = priority
        self.address = address
        self.port = port
        self.type = type
        self.extensions = extensions
    }

    /// Reads what follows `candidate:`; nil when it is malformed.
    public init?(_ value: some StringProtocol) {
        var reader = FieldReader(Substring(value))
        guard
            let foundation = reader.next(), let component = reader.number(UInt16.self), let transport = reader.next(),
            let priority = reader.number(UInt32.self), let address = reader.next(), let port = reader.number(UInt16.self),
            reader.next() == "typ", let type = reader.next()
        else { return nil }
        self.init(
            foundation: String(foundation), component: component, transport: String(transport), priority: priority,
            address: String(address), port: port, type: String(type), extensions: String(reader.remainder()))
    }

    public var value: String {
        "\(foundation) \(component) \(transport) \(priority) \(address) \(port) typ \(type)" + (extensions.isEmpty ? "" : " \(extensions)")
    }

    /// Whether the address is a name that only multicast DNS on the browser's own network resolves.
    public var isMulticastDNS: Bool { address.lowercased().hasSuffix(".local") }
}

/// An ICE candidate: `a=candidate` (RFC 8839, section 5.1).
public struct Candidate: Sendable, Hashable {
    /// At most 32 letters, digits, `+` and `/`.
    public var foundation: String
    /// 1 is RTP, 2 is RTCP; at most 256.
    public var component: UInt16
    /// `UDP` or `TCP`, in the case in which it was sent.
    public var transport: String
    /// 1 to 2^31 - 1 (RFC 8445, section 5.1.2).
    public var priority: UInt32
    /// A literal address, or a name: browsers hide theirs behind one that ends in `.local`.
    public var address: String
    /// Not 0.
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

    /// Reads what follows `candidate:`; nil when it is malformed, or a number is out of its range.
    public init?(_ value: some StringProtocol) {
        var reader = FieldReader(Substring(value))
        guard
            let foundation = reader.next()?.word(1 ... 32, of: { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") }),
            let component = reader.number(UInt16.self), 1 ... 256 ~= component, let transport = reader.next()?.token(1 ... 32),
            let priority = reader.number(UInt32.self), 1 ... 0x7FFF_FFFF ~= priority, let address = reader.next()?.word(1 ... 255, of: \.isVisible),
            let port = reader.number(UInt16.self), port > 0, reader.next()?.isSame(as: "typ") == true, let type = reader.next()?.token(1 ... 32)
        else { return nil }
        let extensions = reader.remainder()
        guard extensions.utf8.allSatisfy({ $0.isVisible || $0 == UInt8(ascii: " ") }) else { return nil }
        self.init(
            foundation: foundation, component: component, transport: transport, priority: priority, address: address, port: port, type: type,
            extensions: String(extensions))
    }

    public var value: String {
        "\(foundation) \(component) \(transport) \(priority) \(address) \(port) typ \(type)" + (extensions.isEmpty ? "" : " \(extensions)")
    }

    /// Whether the address is a name that only multicast DNS on the browser's own network resolves.
    public var isMulticastDNS: Bool { address.lowercased().hasSuffix(".local") }
}

/// Where RTCP is to be sent when it is not the port above RTP's: `a=rtcp` (RFC 3605, section 2.1).
public struct RTCPAddress: Sendable, Hashable {
    public var port: UInt16
    public var connection: Connection?

    public init(port: UInt16, connection: Connection? = nil) {
        self.port = port
        self.connection = connection
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let port = reader.number(UInt16.self) else { return nil }
        let rest = reader.remainder()
        guard !rest.isEmpty else { self.init(port: port); return }
        let connection = Connection(value: rest)
        guard connection.addressType != .unknown else { return nil }
        self.init(port: port, connection: connection)
    }

    var value: String { "\(port)" + (connection.map { " \($0.value)" } ?? "") }
}

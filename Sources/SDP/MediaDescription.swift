/// One medium: an `m=` line and what follows it (RFC 8866, section 5.14).
public struct MediaDescription: Sendable, Hashable {
    public var kind: MediaKind
    /// 0 refuses or stops the medium (RFC 3264, section 6).
    public var port: UInt16
    /// The number of ports, where the line gives one.
    public var portCount: UInt16?
    public var transport: TransportProtocol
    /// Payload types for RTP, in order of preference. Empty where none came that can be read: then the line cannot be used.
    public var formats: [String]
    public var information: String?
    public var connection: Connection?
    public var bandwidths: [Bandwidth]
    /// The value of the obsolete `k=` line.
    public var key: String?
    public var attributes: [Attribute]

    public init(
        kind: MediaKind, port: UInt16, portCount: UInt16? = nil, transport: TransportProtocol, formats: [String],
        information: String? = nil, connection: Connection? = nil, bandwidths: [Bandwidth] = [], key: String? = nil,
        attributes: [Attribute] = []
    ) {
        self.kind = kind
        self.port = port
        self.portCount = portCount
        self.transport = transport
        self.formats = formats
        self.information = information
        self.connection = connection
        self.bandwidths = bandwidths
        self.key = key
        self.attributes = attributes
    }

    /// Reads the value of an `m=` line.
    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let kind = reader.next(), let ports = reader.next(), let transport = reader.next() else { return nil }
        let (first, count) = ports.split(at: UInt8(ascii: "/")).map { ($0, Optional($1)) } ?? (ports, nil)
        // A port that is none is one that nobody can send to.
        let port = UInt16(digits: first) ?? 0
        let portCount = count.flatMap { UInt16(digits: $0) }
        let rtp = TransportProtocol(String(transport))
        let formats = reader.all().filter { format in !rtp.isRTP || UInt8(digits: format).map { $0 < 128 } == true }
        self.init(kind: MediaKind(String(kind)), port: port, portCount: portCount, transport: rtp, formats: formats)
    }

    var value: String {
        "\(kind) \(port)" + (portCount.map { "/\($0)" } ?? "") + " \(transport)" + formats.map { " \($0)" }.joined()
    }
}

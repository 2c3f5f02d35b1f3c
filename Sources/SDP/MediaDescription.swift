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

extension MediaDescription {
    /// The payload types of the `m=` line; empty when this is not RTP.
    public var payloadTypes: [UInt8] { transport.isRTP ? formats.compactMap { UInt8(digits: $0) } : [] }

    /// What a payload type stands for: its `a=rtpmap`, else its well-known meaning.
    public func rtpmap(for payloadType: UInt8) -> RTPMap? {
        for case .rtpmap(let map) in attributes where map.payloadType == payloadType { return map }
        return RTPMap.wellKnown(payloadType)
    }

    /// The `a=fmtp` of a payload type.
    public func formatParameters(for payloadType: UInt8) -> FormatParameters? {
        let format = String(payloadType)
        for case .formatParameters(let parameters) in attributes where parameters.format == format { return parameters }
        return nil
    }

    /// The medium's own direction; nil when it has none.
    public var direction: Direction? { attributes.direction }

    /// The `a=mid` (RFC 5888).
    public var mid: String? {
        for case .mid(let mid) in attributes { return mid }
        return nil
    }

    /// Whether the medium is refused or stopped. In an offer with BUNDLE, port 0 with `a=bundle-only` is neither (RFC 9143, section 6).
    public var isRefused: Bool { port == 0 && !attributes.contains(.bundleOnly) }
}

extension [Attribute] {
    /// The first direction among these.
    public var direction: Direction? {
        for case .direction(let direction) in self { return direction }
        return nil
    }

    public var iceUsernameFragment: String? {
        for case .iceUsernameFragment(let text) in self { return text }
        return nil
    }

    public var icePassword: String? {
        for case .icePassword(let text) in self { return text }
        return nil
    }

    public var fingerprint: Fingerprint? {
        for case .fingerprint(let fingerprint) in self { return fingerprint }
        return nil
    }
}

/// A property of one RTP source: `a=ssrc` (RFC 5576, section 4.1).
public struct SSRCAttribute: Sendable, Hashable {
    public var ssrc: UInt32
    /// `cname`, `msid`, …
    public var name: String
    public var value: String?

    public init(ssrc: UInt32, name: String, value: String? = nil) {
        self.ssrc = ssrc
        self.name = name
        self.value = value
    }

    init?(text: Substring) {
        var reader = FieldReader(text)
        guard let ssrc = reader.number(UInt32.self) else { return nil }
        let attribute = reader.remainder()
        guard !attribute.isEmpty else { return nil }
        guard let (name, value) = attribute.split(at: UInt8(ascii: ":")) else {
            self.init(ssrc: ssrc, name: String(attribute))
            return
        }
        self.init(ssrc: ssrc, name: String(name), value: String(value))
    }

    var text: String { "\(ssrc) \(name)" + (value.map { ":\($0)" } ?? "") }
}

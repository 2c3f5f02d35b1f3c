/// An RTP header extension: `a=extmap` (RFC 8285, section 5).
public struct HeaderExtension: Sendable, Hashable {
    /// 1 to 255 on the wire; 4096 to 4351 while there are more offers than numbers.
    public var id: UInt16
    public var direction: Direction?
    public var uri: String
    /// What follows the URI, as sent.
    public var attributes: String

    public init(id: UInt16, direction: Direction? = nil, uri: String, attributes: String = "") {
        self.id = id
        self.direction = direction
        self.uri = uri
        self.attributes = attributes
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let entry = reader.next(), let uri = reader.next() else { return nil }
        let (number, name) = entry.split(at: UInt8(ascii: "/")) ?? (entry, "")
        guard let id = UInt16(digits: number), 1 ... 255 ~= id || 4_096 ... 4_351 ~= id else { return nil }
        let direction = Direction(rawValue: String(name.lowercasedIfNeeded))
        guard name.isEmpty || direction != nil else { return nil }
        self.init(id: id, direction: direction, uri: String(uri), attributes: String(reader.remainder()))
    }

    var value: String {
        "\(id)" + (direction.map { "/\($0.rawValue)" } ?? "") + " \(uri)" + (attributes.isEmpty ? "" : " \(attributes)")
    }
}

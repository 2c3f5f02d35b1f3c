/// One encoding of a medium, as in simulcast: `a=rid` (RFC 8851, section 10).
public struct RestrictionID: Sendable, Hashable {
    /// Letters, digits, `-` and `_`; at most 16 bytes, which is what a one-byte header extension has room for (RFC 8285, section 4.2).
    public var id: String
    /// Whether it is sent; it is received otherwise.
    public var isSent: Bool
    /// `pt=…` and other restrictions; as sent, empty mostly.
    public var restrictions: String

    public init(id: String, isSent: Bool, restrictions: String = "") {
        self.id = id
        self.isSent = isSent
        self.restrictions = restrictions
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        let id = reader.next()?.word(1 ... 16) { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        guard let id, let direction = reader.next(), direction == "send" || direction == "recv" else { return nil }
        self.init(id: id, isSent: direction == "send", restrictions: String(reader.remainder()))
    }

    var value: String { "\(id) \(isSent ? "send" : "recv")" + (restrictions.isEmpty ? "" : " \(restrictions)") }
}

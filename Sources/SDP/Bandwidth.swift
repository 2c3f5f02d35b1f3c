/// A proposed bandwidth: `b=` (RFC 8866, section 5.8).
public struct Bandwidth: Sendable, Hashable {
    /// `AS` and `CT` in kbit/s, `TIAS` (RFC 3890), `RS` and `RR` (RFC 3556) in bit/s.
    public var type: String
    public var value: UInt64

    public init(type: String, value: UInt64) {
        self.type = type
        self.value = value
    }

    init?(text: Substring) {
        guard
            let (type, number) = text.split(at: UInt8(ascii: ":")), !type.isEmpty,
            let value = UInt64(digits: number.trimmingSpaces())
        else { return nil }
        self.init(type: String(type), value: value)
    }

    var text: String { "\(type):\(value)" }
}

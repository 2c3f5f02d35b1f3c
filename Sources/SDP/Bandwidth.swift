/// A proposed bandwidth: `b=` (RFC 8866, section 5.8).
public struct Bandwidth: Sendable, Hashable {
    /// `AS` and `CT` in kbit/s, `TIAS` (RFC 3890), `RS` and `RR` (RFC 3556) in bit/s.
    public var type: String
    public var value: UInt32

    public init(type: String, value: UInt32) {
        self.type = type
        self.value = value
    }

    init?(text: Substring) {
        guard
            let (name, number) = text.split(at: UInt8(ascii: ":")), let type = name.token(1 ... 32),
            let value = UInt32(digits: number.trimmingSpaces())
        else { return nil }
        self.init(type: type, value: value)
    }

    var text: String { "\(type):\(value)" }
}

/// Who made the description, and which version of it this is: `o=` (RFC 8866, section 5.2).
public struct Origin: Sendable, Hashable {
    /// As sent; some phones put spaces into it.
    public var username: String
    public var sessionID: UInt64
    /// Raised by one with each changed description (RFC 3264, section 8).
    public var sessionVersion: UInt64
    public var addressType: AddressType
    public var address: String

    public init(username: String = "-", sessionID: UInt64, sessionVersion: UInt64, addressType: AddressType = .ip4, address: String) {
        self.username = username
        self.sessionID = sessionID
        self.sessionVersion = sessionVersion
        self.addressType = addressType
        self.address = address
    }

    /// Reads the value of an `o=` line, from its end, so that a username with spaces does no harm.
    ///
    /// Nothing in a call stands on it, so any line is read: where numbers belong text counts as the number of its bytes' hash, and an
    /// address that is missing or of another network as 0.0.0.0.
    init(value: Substring) {
        var reader = FieldReader(value)
        let fields = reader.all()
        let isRegular = fields.count >= 5 && Substring(fields[fields.count - 3]).isSame(as: "IN")
        let fixed = isRegular ? Array(fields.suffix(5)) : ["", "", "", "", ""]
        let type = AddressType(Substring(fixed[3]))
        self.init(
            username: isRegular ? fields.dropLast(5).joined(separator: " ") : "-",
            sessionID: Self.number(isRegular ? fixed[0] : String(value)), sessionVersion: Self.number(fixed[1]),
            addressType: type == .unknown ? .ip4 : type, address: type == .unknown ? "0.0.0.0" : fixed[4])
    }

    /// The number, or where there is none of 64 bits one that stands for the text (FNV-1a).
    private static func number(_ text: String) -> UInt64 {
        UInt64(digits: text) ?? text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    var value: String { "\(username) \(sessionID) \(sessionVersion) IN \(addressType.name) \(address)" }
}

/// When the session is on: `t=` and its `r=` lines (RFC 8866, sections 5.9 and 5.10); `0 0` in every call.
public struct Timing: Sendable, Hashable {
    public var start: UInt64
    public var stop: UInt64
    /// The values of the `r=` lines, as sent.
    public var repeats: [String]

    public init(start: UInt64 = 0, stop: UInt64 = 0, repeats: [String] = []) {
        self.start = start
        self.stop = stop
        self.repeats = repeats
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let start = reader.number(UInt64.self), let stop = reader.number(UInt64.self), reader.next() == nil else { return nil }
        self.init(start: start, stop: stop)
    }
}

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

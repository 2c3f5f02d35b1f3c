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
    init?(value: Substring) {
        var reader = FieldReader(value)
        let fields = reader.all()
        guard fields.count >= 5 else { return nil }
        let fixed = fields.suffix(5)
        let at = fixed.startIndex
        guard
            let id = UInt64(digits: fixed[at]), let version = UInt64(digits: fixed[at + 1]), fixed[at + 2] == "IN",
            let type = AddressType(rawValue: fixed[at + 3])
        else { return nil }
        self.init(
            username: fields.dropLast(5).joined(separator: " "), sessionID: id, sessionVersion: version,
            addressType: type, address: fixed[at + 4])
    }

    var value: String { "\(username) \(sessionID) \(sessionVersion) IN \(addressType.rawValue) \(address)" }
}

/// Where media is to be sent: `c=` (RFC 8866, section 5.7).
public struct Connection: Sendable, Hashable {
    public var addressType: AddressType
    /// A literal address or a host name, without time to live and count; the whole line where its type is unknown.
    public var address: String
    /// What follows the address of a multicast group: `/ttl`, `/ttl/count` or `/count`, without the first slash. Nothing to a unicast
    /// address, where phones write it all the same.
    public var multicast: String?

    public init(addressType: AddressType = .ip4, address: String, multicast: String? = nil) {
        self.addressType = addressType
        self.address = address
        self.multicast = multicast
    }

    /// Reads any line: one that is malformed, or of another network, has an address of unknown type.
    init(value: Substring) {
        var reader = FieldReader(value)
        let network = reader.next(), type = AddressType(reader.next() ?? ""), field = reader.next()
        guard let field, network?.isSame(as: "IN") == true, type != .unknown, reader.next() == nil else {
            self.init(addressType: .unknown, address: String(value))
            return
        }
        guard let (host, suffix) = field.split(at: UInt8(ascii: "/")) else {
            self.init(addressType: type, address: String(field))
            return
        }
        let numbers = suffix.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !host.isEmpty, numbers.count <= 2, numbers.allSatisfy({ UInt16(digits: Substring($0)) != nil }) else {
            self.init(addressType: .unknown, address: String(value))
            return
        }
        self.init(addressType: type, address: String(host), multicast: String(suffix))
    }

    var value: String {
        guard addressType != .unknown else { return address }
        return "IN \(addressType.name) \(address)" + (multicast.map { "/\($0)" } ?? "")
    }

    /// The address with each of its four numbers as it is written mostly; as it came where it is no dotted one.
    public var withoutLeadingZeros: String {
        guard addressType == .ip4, let bytes = HostKind.ipv4(address) else { return address }
        return bytes.map { String($0) }.joined(separator: ".")
    }

    /// What the address is, apart from its family.
    public var host: HostKind { HostKind(address, type: addressType) }
}

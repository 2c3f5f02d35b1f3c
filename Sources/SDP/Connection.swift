/// Where media is to be sent: `c=` (RFC 8866, section 5.7).
public struct Connection: Sendable, Hashable {
    public var addressType: AddressType
    /// A literal address or a host name, without time to live and count.
    public var address: String
    /// What follows the address of a multicast group: `/ttl`, `/ttl/count` or `/count`, without the first slash.
    public var multicast: String?

    public init(addressType: AddressType = .ip4, address: String, multicast: String? = nil) {
        self.addressType = addressType
        self.address = address
        self.multicast = multicast
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard
            reader.next() == "IN", let type = reader.next().flatMap({ AddressType(rawValue: String($0)) }),
            let address = reader.next(), reader.next() == nil
        else { return nil }
        guard let (host, suffix) = address.split(at: UInt8(ascii: "/")) else {
            self.init(addressType: type, address: String(address))
            return
        }
        let numbers = suffix.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !host.isEmpty, numbers.count <= 2, numbers.allSatisfy({ UInt16(digits: Substring($0)) != nil }) else { return nil }
        self.init(addressType: type, address: String(host), multicast: String(suffix))
    }

    var value: String { "IN \(addressType.rawValue) \(address)" + (multicast.map { "/\($0)" } ?? "") }

    /// What the address is, apart from its family.
    public var host: HostKind { HostKind(address, type: addressType) }
}

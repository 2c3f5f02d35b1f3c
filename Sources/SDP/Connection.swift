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

/// The kind of an address on the Internet (RFC 8866, section 5.2).
public enum AddressType: Sendable, Hashable {
    case ip4, ip6
    /// Of another network, or written in a way that cannot be read.
    case unknown

    /// The name, in any case.
    init(_ name: Substring) {
        self = name.isSame(as: "IP4") ? .ip4 : name.isSame(as: "IP6") ? .ip6 : .unknown
    }

    var name: String {
        switch self {
        case .ip4: "IP4"
        case .ip6: "IP6"
        case .unknown: ""
        }
    }
}

/// What is written where an address belongs.
public enum HostKind: Sendable, Hashable {
    /// A literal that one host can have.
    case unicast
    /// 0.0.0.0 or ::, once the sign of hold (RFC 3264, section 8.4).
    case unspecified
    case multicast
    /// A host name, which has to be resolved (RFC 1123, section 2.1).
    case name
    /// Nothing that media can be sent to.
    case invalid

    public init(_ address: String, type: AddressType) {
        switch type {
        case .ip4:
            guard let bytes = Self.ipv4(address) else { self = Self.isName(address) ? .name : .invalid; return }
            if bytes == [0, 0, 0, 0] { self = .unspecified; return }
            self = bytes.first.map { $0 >= 224 && $0 < 240 } == true ? .multicast : .unicast
        case .ip6:
            guard Self.isIPv6(address) else { self = Self.isName(address) ? .name : .invalid; return }
            if address.utf8.allSatisfy({ $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "0") }) { self = .unspecified; return }
            self = address.lowercased().utf8.starts(with: "ff".utf8) && address.utf8.dropFirst(4).first == UInt8(ascii: ":") ? .multicast : .unicast
        case .unknown:
            self = .invalid
        }
    }

    /// The four bytes of a dotted address; nil for anything else.
    static func ipv4(_ text: String) -> [UInt8]? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let bytes = parts.compactMap { $0.count <= 3 ? UInt8(digits: Substring($0)) : nil }
        return bytes.count == 4 ? bytes : nil
    }

    /// Whether this is a literal IPv6 address: eight groups of at most four digits, or fewer with one gap (RFC 4291, section 2.2).
    static func isIPv6(_ text: String) -> Bool {
        let groups = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard 3 ... 9 ~= groups.count, let last = groups.last else { return false }
        let hasTail = last.contains(UInt8(ascii: "."))
        guard !hasTail || ipv4(String(Substring(last))) != nil else { return false }
        guard groups.dropLast(hasTail ? 1 : 0).allSatisfy({ $0.count <= 4 && $0.allSatisfy(\.isHexDigit) }) else { return false }
        let empty = groups.indices.filter { groups[$0].isEmpty }
        let weight = groups.count - empty.count + (hasTail ? 1 : 0), end = groups.count - 1
        if empty.isEmpty { return weight == 8 }
        let isInside = empty.count == 1 && empty != [0] && empty != [end]
        let isAtEnd = empty == [0, 1] || empty == [end - 1, end] || (empty.count == 3 && end == 2)
        return (isInside || isAtEnd) && weight <= 7
    }

    /// Whether these are labels of letters, digits, `-` and `_`, the last of which is no number.
    private static func isName(_ text: String) -> Bool {
        let name = text.utf8.last == UInt8(ascii: ".") ? text.utf8.dropLast() : text.utf8[...]
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard 1 ... 253 ~= name.count, let last = labels.last, !last.allSatisfy(\.isDigit) else { return false }
        return labels.allSatisfy { label in
            1 ... 63 ~= label.count && label.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        }
    }
}

/// What is written where an address belongs.
public enum HostKind: Sendable, Hashable {
    /// A literal that one host can have.
    case unicast
    /// 0.0.0.0 or ::, once the sign of hold (RFC 3264, section 8.4).
    case unspecified
    case multicast
    /// Not a literal of the family that is announced: a name, or nonsense.
    case name

    public init(_ address: String, type: AddressType) {
        switch type {
        case .ip4:
            guard let bytes = Self.ipv4(address) else { self = .name; return }
            if bytes == [0, 0, 0, 0] { self = .unspecified; return }
            self = bytes.first.map { $0 >= 224 && $0 < 240 } == true ? .multicast : .unicast
        case .ip6:
            guard Self.looksLikeIPv6(address) else { self = .name; return }
            if address.utf8.allSatisfy({ $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "0") }) { self = .unspecified; return }
            self = address.lowercased().utf8.starts(with: "ff".utf8) && address.utf8.dropFirst(4).first == UInt8(ascii: ":") ? .multicast : .unicast
        }
    }

    /// The four bytes of a dotted address; nil for anything else.
    static func ipv4(_ text: String) -> [UInt8]? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let bytes = parts.compactMap { $0.count <= 3 ? UInt8(digits: Substring($0)) : nil }
        return bytes.count == 4 ? bytes : nil
    }

    /// Whether only the characters of an IPv6 literal occur, in groups of at most four (RFC 4291, section 2.2).
    static func looksLikeIPv6(_ text: String) -> Bool {
        let groups = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard 3 ... 9 ~= groups.count else { return false }
        return groups.enumerated().allSatisfy { index, group in
            if index == groups.count - 1, group.contains(UInt8(ascii: ".")) { return ipv4(String(Substring(group))) != nil }
            return group.count <= 4 && group.allSatisfy(\.isHexDigit)
        }
    }
}

extension UInt8 {
    /// Whether this is one of 0-9, a-f, A-F in ASCII.
    var isHexDigit: Bool {
        switch self {
        case UInt8(ascii: "0") ... UInt8(ascii: "9"), UInt8(ascii: "a") ... UInt8(ascii: "f"), UInt8(ascii: "A") ... UInt8(ascii: "F"): true
        default: false
        }
    }
}

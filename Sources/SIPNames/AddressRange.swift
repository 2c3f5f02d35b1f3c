/// Addresses that share a beginning, in CIDR notation (RFC 4632, RFC 4291 section 2.3): `192.0.2.0/24`, `2001:db8::/32`, or
/// one address alone.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    private let address: IPAddress
    /// Bits that count, of an IPv4-mapped address those of the IPv4 address.
    public let length: Int

    /// Whether it is of IPv6; one of IPv4-mapped addresses is of IPv4.
    public var isIPv6: Bool { address.isIPv6 }

    /// Nil where `text` is no such range, or one with bits behind the length.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let written = IPAddress(String(first)) else { return nil }
        let bits = written.bytes.count * 8
        var length = bits
        if parts.count == 2 {
            guard let number = Int(parts[1]), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), number <= bits
            else { return nil }
            length = number
        }
        let address = written.unmapped
        if address.isIPv6 != written.isIPv6 {
            guard length >= 96 else { return nil }
            length -= 96
        }
        guard address.isZero(after: length) else { return nil }
        self.address = address
        self.length = length
    }

    /// Whether `other` is among them. An IPv4 address counts as such where it comes mapped into IPv6 (RFC 4291 section 2.5.5.2).
    public func contains(_ other: IPAddress) -> Bool {
        let other = other.unmapped
        guard other.isIPv6 == address.isIPv6 else { return false }
        return zip(address.bytes, other.bytes).enumerated().allSatisfy { index, pair in
            let mask = AddressRange.mask(length - index * 8)
            return pair.0 & mask == pair.1 & mask
        }
    }

    public var description: String {
        length == address.bytes.count * 8 ? "\(address)" : "\(address)/\(length)"
    }

    /// The first bits of a byte, as many as `count` says.
    fileprivate static func mask(_ count: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: 0xff00 >> min(8, max(0, count)))
    }
}

extension IPAddress {
    fileprivate func isZero(after length: Int) -> Bool {
        bytes.enumerated().allSatisfy { index, byte in byte & ~AddressRange.mask(length - index * 8) == 0 }
    }
}

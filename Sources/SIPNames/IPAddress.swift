internal import Glibc

/// An IPv4 or IPv6 address, compared and printed in canonical form.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    public let isIPv6: Bool
    /// The address as numbers: an IPv4 address is the last 32 bits. Nothing of it lies elsewhere in memory: limits and traces keep many.
    private let high, low: UInt64

    private init(isIPv6: Bool, high: UInt64, low: UInt64) { (self.isIPv6, self.high, self.low) = (isIPv6, high, low) }

    /// 4 or 16 bytes, network order.
    public var bytes: [UInt8] {
        func bytes(_ number: UInt64) -> [UInt8] { stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) } }
        return isIPv6 ? bytes(high) + bytes(low) : Array(bytes(low).suffix(4))
    }

    /// Nil unless `text` is an address in full; host names, brackets and zones are not.
    public init?(_ text: String) {
        guard text.utf8.count < 46, !text.utf8.contains(0) else { return nil }
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var buffer = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &buffer) == 1 {
                self.init(bytes: buffer)
                return
            }
        }
        return nil
    }

    /// Nil unless `host` is an address as a URI has it: IPv6 in brackets, or without them (RFC 3986 section 3.2.2).
    public init?(host: String) {
        guard host.hasPrefix("["), host.hasSuffix("]") else {
            self.init(host)
            return
        }
        self.init(String(host.dropFirst().dropLast()))
        guard isIPv6 else { return nil }
    }

    /// Nil unless there are 4 or 16.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(isIPv6: bytes.count == 16, high: number(bytes.dropLast(8)), low: number(bytes.suffix(8)))
    }

    public static let loopback4 = IPAddress(isIPv6: false, high: 0, low: 0x7f00_0001)
    public static let loopback6 = IPAddress(isIPv6: true, high: 0, low: 1)

    /// The first byte, and the one after it.
    private var first: UInt8 { UInt8(truncatingIfNeeded: isIPv6 ? high >> 56 : low >> 24) }
    private var second: UInt8 { UInt8(truncatingIfNeeded: isIPv6 ? high >> 48 : low >> 16) }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { isIPv6 ? self == .loopback6 : first == 127 }

    /// 0.0.0.0 or ::.
    public var isUnspecified: Bool { high == 0 && low == 0 }

    /// fe80::/10, which means nothing without an interface (RFC 4291, section 2.5.6).
    public var isLinkLocal: Bool { isIPv6 && first == 0xfe && second & 0xc0 == 0x80 }

    /// 224.0.0.0/4, ff00::/8, or 255.255.255.255: nothing can be bound to it.
    public var isMulticastOrBroadcast: Bool { isIPv6 ? first == 0xff : (224...239).contains(first) || low == 0xffff_ffff }

    /// Whether it can be one host's: not 0.0.0.0 or ::, not multicast, not of 240.0.0.0/4.
    public var isOfOneHost: Bool { !isUnspecified && (isIPv6 ? first != 0xff : first < 224) }

    /// Whether it means something in its own network only: RFC 1918, 4193 and 6598, link-local, loopback, unspecified. An IPv4-mapped
    /// address counts as the IPv4 address.
    public var isPrivate: Bool {
        let address = unmapped
        if address.isIPv6 { return address.isUnspecified || address.isLoopback || address.isLinkLocal || address.first & 0xfe == 0xfc }
        return switch (address.first, address.second) {
        case (0, _), (10, _), (127, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): true
        default: false
        }
    }

    /// The IPv4 address where this is one mapped into IPv6 (RFC 4291 section 2.5.5.2), else this.
    public var unmapped: IPAddress {
        isIPv6 && high == 0 && low >> 32 == 0xffff ? IPAddress(isIPv6: false, high: 0, low: low & 0xffff_ffff) : self
    }

    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(isIPv6 ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// As a URI has it: IPv6 in brackets (RFC 3986 section 3.2.2).
    public var uriHost: String { isIPv6 ? "[\(self)]" : description }
}

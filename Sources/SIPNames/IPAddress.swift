internal import Glibc

/// An IPv4 or IPv6 address, compared and printed in canonical form.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes, network order.
    public let bytes: [UInt8]

    /// Nil unless `text` is an address in full; host names, brackets and zones are not.
    public init?(_ text: String) {
        guard text.utf8.count < 46, !text.utf8.contains(0) else { return nil }
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var buffer = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &buffer) == 1 {
                bytes = buffer
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
        self.bytes = Array(bytes)
    }

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    public static let loopback4 = IPAddress(unchecked: [127, 0, 0, 1])
    public static let loopback6 = IPAddress(unchecked: [UInt8](repeating: 0, count: 15) + [1])

    public var isIPv6: Bool { bytes.count == 16 }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        isIPv6 ? bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 } : bytes.first == 127
    }

    /// 0.0.0.0 or ::.
    public var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// fe80::/10, which means nothing without an interface (RFC 4291, section 2.5.6).
    public var isLinkLocal: Bool { isIPv6 && bytes.first == 0xfe && bytes.dropFirst().first.map { $0 & 0xc0 == 0x80 } == true }

    /// 224.0.0.0/4, ff00::/8, or 255.255.255.255: nothing can be bound to it.
    public var isMulticastOrBroadcast: Bool {
        let first = bytes.first ?? 0
        return isIPv6 ? first == 0xff : (224...239).contains(first) || bytes.allSatisfy { $0 == 255 }
    }

    /// Whether it can be one host's: not 0.0.0.0 or ::, not multicast, not of 240.0.0.0/4.
    public var isOfOneHost: Bool {
        let first = bytes.first ?? 0
        return !isUnspecified && (isIPv6 ? first != 0xff : first < 224)
    }

    /// Whether it means something in its own network only: RFC 1918, 4193 and 6598, link-local, loopback, unspecified. An IPv4-mapped
    /// address counts as the IPv4 address.
    public var isPrivate: Bool {
        let address = unmapped
        guard let first = address.bytes.first, let second = address.bytes.dropFirst().first else { return true }
        if address.isIPv6 { return address.isUnspecified || address.isLoopback || address.isLinkLocal || first & 0xfe == 0xfc }
        return switch (first, second) {
        case (0, _), (10, _), (127, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): true
        default: false
        }
    }

    /// The IPv4 address where this is one mapped into IPv6 (RFC 4291 section 2.5.5.2), else this.
    public var unmapped: IPAddress {
        let prefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        return isIPv6 && bytes.starts(with: prefix) ? IPAddress(unchecked: Array(bytes.dropFirst(12))) : self
    }

    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(isIPv6 ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// As a URI has it: IPv6 in brackets (RFC 3986 section 3.2.2).
    public var uriHost: String { isIPv6 ? "[\(self)]" : description }
}

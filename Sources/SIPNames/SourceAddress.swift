/// Where somebody comes from, as every limit counts it: an address, and the network around it.
///
/// | | IPv4 | IPv6 |
/// | --- | --- | --- |
/// | ``address`` | the address | its first 64 bits: one machine can have all others (RFC 4291 section 2.5.1) |
/// | ``network`` | its first 24 bits | its first 48 bits: one customer of a provider can have all others (RFC 6177) |
public struct SourceAddress: Sendable, Hashable, CustomStringConvertible {
    public let address: IPAddress
    public let network: IPAddress
    /// Whether it stands for many, so that no limit by address counts it.
    public let isExempt: Bool

    public init(_ ip: IPAddress, exempt: ExemptAddresses = .none) {
        let ip = ip.unmapped
        isExempt = exempt.contain(ip)
        address = ip.isIPv6 ? ip.prefix(bytes: 8) : ip
        network = ip.prefix(bytes: ip.isIPv6 ? 6 : 3)
    }

    /// Reads an address with or without a port, IPv6 also in brackets, a link-local one also with its interface; nil where there is none.
    public init?(_ text: String, exempt: ExemptAddresses = .none) {
        guard let ip = IPAddress(text: text) else { return nil }
        self.init(ip, exempt: exempt)
    }

    /// ``address``: `192.0.2.1`, `2001:db8::/64`.
    public var description: String { address.isIPv6 ? "\(address)/64" : "\(address)" }
}

/// Addresses that stand for many: those of a proxy, an SBC, a carrier, an office behind NAT. Limits by address do not count them.
public struct ExemptAddresses: Sendable, Equatable {
    private let ranges: [AddressRange]

    public init(_ ranges: [AddressRange]) {
        self.ranges = ranges
    }

    public static let none = ExemptAddresses([])
    /// Loopback is nobody's address: there stands a proxy.
    public static let loopback = ExemptAddresses(["127.0.0.0/8", "::1"].compactMap(AddressRange.init))

    public func union(_ other: ExemptAddresses) -> ExemptAddresses { ExemptAddresses(ranges + other.ranges) }

    public func contain(_ ip: IPAddress) -> Bool { ranges.contains { $0.contains(ip) } }

    /// Of an address as ``SourceAddress/init(_:exempt:)`` reads it.
    public func contain(_ text: String) -> Bool { IPAddress(text: text).map(contain) ?? false }
}

extension IPAddress {
    fileprivate init?(text: String) {
        guard let ip = SocketAddress(text)?.ip ?? IPAddress(host: text) ?? IPAddress(String(text.prefix { $0 != "%" })) else { return nil }
        self = ip
    }

    /// The address with zeros behind the first bytes.
    fileprivate func prefix(bytes count: Int) -> IPAddress {
        IPAddress(bytes: bytes.prefix(count) + [UInt8](repeating: 0, count: max(0, bytes.count - count))) ?? self
    }
}

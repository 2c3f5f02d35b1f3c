/// Where RTP comes from, or goes to: an IP address and a port. IPv4 is held as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2).
public struct MediaAddress: Hashable, Sendable {
    /// The sixteen bytes of the address, the first one in the highest bits.
    public let high: UInt64
    public let low: UInt64
    public let port: UInt16

    @inlinable
    public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    /// - Parameter address: The first byte in the highest bits.
    @inlinable
    public init(v4 address: UInt32, port: UInt16) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(address), port: port)
    }

    /// The IPv4 address; nil for IPv6.
    @inlinable public var v4: UInt32? { high == 0 && low >> 32 == 0xffff ? UInt32(truncatingIfNeeded: low) : nil }

    /// Whether it is of the same host, whatever the port.
    @inlinable
    public func isSameHost(as other: MediaAddress) -> Bool { high == other.high && low == other.low }

    /// Whether hosts elsewhere cannot reach it as it stands: RFC 1918, 4193 and 6598, link-local, loopback, unspecified.
    public var isPrivate: Bool {
        if let v4 {
            let prefixes: (UInt32, UInt32) = (v4 >> 24, v4 >> 16)
            return prefixes.0 == 10 || prefixes.0 == 127 || prefixes.0 == 0 || prefixes.1 == 0xc0a8 || prefixes.1 == 0xa9fe
                || v4 >> 20 == 0xac1 || v4 >> 22 == 0x191
        }
        return high >> 57 == 0x7e || high >> 54 == 0x3fa || high == 0 && low <= 1
    }
}

public import Glibc

/// A numeric IP address and port.
public struct SocketAddress: Sendable, CustomStringConvertible {
    public let ip: IPAddress
    /// 0 to 65535.
    public let port: Int
    /// The interface of a link-local address, by its index; 0 for none.
    private let scope: UInt32

    public init(_ ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = Int(port)
        scope = 0
    }

    /// Nil unless `address` is an IPv4 or IPv6 address without brackets, and `port` a port.
    public init?(address: String, port: Int) {
        guard let port = UInt16(exactly: port), let ip = IPAddress(address) else { return nil }
        self.init(ip, port: port)
    }

    /// Reads `192.0.2.1:5060` and `[2001:db8::1]:5060`: what ``description`` gives.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text.utf8[text.utf8.index(after: colon)...]
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(Substring(digits)),
            let ip = IPAddress(host: String(text[..<colon])), ip.isIPv6 == text.hasPrefix("[")
        else { return nil }
        self.init(ip, port: port)
    }

    /// `192.0.2.1:5060`, `[2001:db8::1]:5060`.
    public var description: String { "\(ip.uriHost):\(port)" }

    /// The address without brackets; an IPv4 address that is mapped into IPv6 as the IPv4 address, a link-local one with its interface.
    public var address: String {
        guard scope != 0 else { return ip.unmapped.description }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(scope, &name) != nil else { return "\(ip)%\(scope)" }
        return "\(ip)%" + String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension SocketAddress: Hashable {
    /// The same address and port; an IPv4 address that is mapped into IPv6 is the IPv4 address.
    public static func == (one: SocketAddress, other: SocketAddress) -> Bool {
        one.port == other.port && one.ip.unmapped == other.ip.unmapped
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ip.unmapped)
        hasher.combine(port)
    }
}

// The system's form of it.
extension SocketAddress {
    /// A copy of what `pointer` points to; nil when it is no IP address.
    public init?(_ pointer: UnsafePointer<sockaddr>, length: socklen_t) {
        let bytes = UnsafeRawBufferPointer(start: pointer, count: Int(clamping: length))
        guard bytes.count >= MemoryLayout<sockaddr_in>.size else { return nil }
        let family = Int32(bytes.loadUnaligned(as: sa_family_t.self))
        // The port is at the same place in both families.
        port = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        switch family {
        case AF_INET:
            guard let ip = IPAddress(bytes: bytes[4..<8]) else { return nil }
            (self.ip, scope) = (ip, 0)
        case AF_INET6:
            guard bytes.count >= MemoryLayout<sockaddr_in6>.size, let ip = IPAddress(bytes: bytes[8..<24]) else { return nil }
            (self.ip, scope) = (ip, bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
        default: return nil
        }
    }

    /// The address that a call such as `getsockname` fills in; nil when it returns a negative number.
    public static func filled(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                call(pointer, &length) < 0 ? nil : SocketAddress(UnsafePointer(pointer), length: length)
            }
        }
    }

    /// The address that a socket is bound to.
    public init?(boundTo descriptor: Int32) {
        guard let own = SocketAddress.filled({ getsockname(descriptor, $0, $1) }) else { return nil }
        self = own
    }

    /// The address at the other end of a connected socket.
    public init?(peerOf descriptor: Int32) {
        guard let peer = SocketAddress.filled({ getpeername(descriptor, $0, $1) }) else { return nil }
        self = peer
    }

    /// `AF_INET` or `AF_INET6`.
    public var family: Int32 { ip.isIPv6 ? AF_INET6 : AF_INET }

    public func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length: Int
        if ip.isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(truncatingIfNeeded: port).bigEndian
            address.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: ip.bytes) }
            length = MemoryLayout<sockaddr_in6>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in6.self) }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: ip.bytes) }
            length = MemoryLayout<sockaddr_in>.size
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_in.self) }
        }
        return withUnsafePointer(to: storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }
}

internal import Glibc
internal import RTP

/// An address as the system's calls take it.
struct SocketAddress {
    /// Room for either family; the family's field is at the same place in both.
    private var storage = sockaddr_in6()
    private var length: socklen_t = 0

    init() {}

    init(_ address: MediaAddress, isV6: Bool) {
        if let v4 = address.v4, !isV6 {
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = address.port.bigEndian
            value.sin_addr.s_addr = v4.bigEndian
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_in.self) }
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
        } else {
            storage.sin6_family = sa_family_t(AF_INET6)
            storage.sin6_port = address.port.bigEndian
            withUnsafeMutableBytes(of: &storage.sin6_addr) {
                $0.storeBytes(of: address.high.bigEndian, as: UInt64.self)
                $0.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }

    var isKnown: Bool { length > 0 }

    /// Sends a datagram to it, without waiting.
    ///
    /// - Returns: Whether the system took it.
    @inline(__always)
    mutating func send(_ bytes: UnsafeRawPointer, length: Int, from socket: Int32) -> Bool {
        let size = self.length
        guard size > 0, socket >= 0 else { return false }
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket, bytes, length, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), $0, size)
            }
        } >= 0
    }

    /// Binds a socket to it.
    mutating func bind(_ socket: Int32) -> Bool {
        let size = length
        return withUnsafePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(socket, $0, size) }
        } == 0
    }
}

extension MediaAddress {
    /// What the system has written.
    @inline(__always)
    init?(_ storage: UnsafeRawPointer) {
        switch Int32(storage.load(as: sa_family_t.self)) {
        case AF_INET:
            let value = storage.load(as: sockaddr_in.self)
            self.init(v4: UInt32(bigEndian: value.sin_addr.s_addr), port: UInt16(bigEndian: value.sin_port))
        case AF_INET6:
            let bytes = storage + 8
            self.init(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                port: UInt16(bigEndian: storage.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        default: return nil
        }
    }

    /// Where a socket is bound; nil for none.
    init?(boundTo socket: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isKnown = socket >= 0 && withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        } == 0
        guard isKnown, let address = withUnsafeBytes(of: &storage, { $0.baseAddress.flatMap { MediaAddress($0) } }) else { return nil }
        self = address
    }

    /// - Parameter text: An IPv4 or IPv6 address, without brackets and scope.
    init?(text: String, port: UInt16) {
        var v4 = in_addr(), v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr), port: port)
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            let words = withUnsafeBytes(of: &v6) { ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self)) }
            self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1), port: port)
        } else {
            return nil
        }
    }

    /// The address without its port, as text.
    var text: String {
        var buffer = [CChar](repeating: 0, count: 64)
        if let v4 {
            var address = in_addr(s_addr: v4.bigEndian)
            inet_ntop(AF_INET, &address, &buffer, 64)
        } else {
            var words = (high.bigEndian, low.bigEndian)
            inet_ntop(AF_INET6, &words, &buffer, 64)
        }
        return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    /// Whether it is `0.0.0.0` or `::`.
    var isUnspecified: Bool { high == 0 && (low == 0 || low == 0xffff_0000_0000) }
}

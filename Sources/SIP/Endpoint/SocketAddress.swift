internal import Glibc

/// A numeric IP address and port.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length: socklen_t

    /// Nil when `address` is not a numeric IPv4 or IPv6 address, or `port` is not a port.
    init?(address: String, port: Int) {
        guard let port = UInt16(exactly: port) else { return nil }
        var v4 = sockaddr_in()
        var v6 = sockaddr_in6()
        if inet_pton(AF_INET, address, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: v4, as: sockaddr_in.self) }
        } else if inet_pton(AF_INET6, address, &v6.sin6_addr) == 1 {
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: v6, as: sockaddr_in6.self) }
        } else {
            return nil
        }
    }

    /// A copy of what `pointer` points to; nil when it is no IP address.
    init?(_ pointer: UnsafePointer<sockaddr>, length: socklen_t) {
        let size = Int(clamping: length)
        guard size >= MemoryLayout<sockaddr_in>.size, size <= MemoryLayout<sockaddr_storage>.size else { return nil }
        self.length = length
        withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: size)) }
        guard isV4 || isV6 else { return nil }
    }

    /// Of what ``hostPort`` gave.
    init?(hostPort: String) {
        guard let colon = hostPort.lastIndex(of: ":"), let port = Int(hostPort[hostPort.index(after: colon)...]) else {
            return nil
        }
        let host = hostPort[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        self.init(address: String(host), port: port)
    }

    var isV4: Bool { storage.ss_family == sa_family_t(AF_INET) }
    var isV6: Bool { storage.ss_family == sa_family_t(AF_INET6) }

    var port: Int {
        withUnsafeBytes(of: storage) { bytes in
            Int(UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self)))
        }
    }

    /// Without brackets; an IPv4 address that is mapped into IPv6 as the IPv4 address.
    var address: String {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let result = withPointer {
            getnameinfo($0, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        }
        guard result == 0 else { return "" }
        let address = text.withUnsafeBufferPointer { SofiaText.field($0.baseAddress, limit: 64) }
        return address.hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
    }

    var hostPort: String {
        let address = address
        return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
        withUnsafePointer(to: storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }

    /// The address of this host from which packets to `self` go out: the routing table is asked, nothing is sent.
    var localAddressTowards: String? {
        let descriptor = socket(Int32(storage.ss_family), Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard withPointer({ connect(descriptor, $0, length) }) == 0 else { return nil }
        return SocketAddress(boundTo: descriptor)?.address
    }

    /// The address that a socket is bound to.
    init?(boundTo descriptor: Int32) {
        var local = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &local) { local in
            local.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard result == 0 else { return nil }
        let copy = withUnsafePointer(to: local) { local in
            local.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0, length: size) }
        }
        guard let copy else { return nil }
        self = copy
    }

    /// The address at the other end of a connected socket.
    init?(peerOf descriptor: Int32) {
        var remote = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &remote) { remote in
            remote.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
        }
        guard result == 0 else { return nil }
        let copy = withUnsafePointer(to: remote) { remote in
            remote.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0, length: size) }
        }
        guard let copy else { return nil }
        self = copy
    }

    /// Binds a socket of `transport` to this address. Returns the descriptor, or the error.
    func bound(to transport: SIPListenAddress.Transport) -> Result<Int32, PortProbe.Refusal> {
        let kind = transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        let descriptor = socket(Int32(storage.ss_family), Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failure(PortProbe.Refusal(code: errno)) }
        var on: Int32 = 1
        if transport != .udp {
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        if isV6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<Int32>.size)) }
        var failed = withPointer { bind(descriptor, $0, length) } != 0
        // A TCP port that somebody listens on can be bound, but not be listened on.
        if !failed, transport != .udp { failed = listen(descriptor, 1) != 0 }
        guard failed else { return .success(descriptor) }
        let refusal = PortProbe.Refusal(code: errno)
        close(descriptor)
        return .failure(refusal)
    }
}

extension SocketAddress: Equatable {
    /// The same address and port; an IPv4 address that is mapped into IPv6 is the IPv4 address.
    static func == (one: SocketAddress, other: SocketAddress) -> Bool {
        one.port == other.port && one.bytes == other.bytes
    }

    /// Whether it means something in its own network only: RFC 1918, 4193 and 6598, link-local, loopback, unspecified.
    var isPrivate: Bool {
        let bytes = bytes
        guard let first = bytes.first, let second = bytes.dropFirst().first else { return true }
        if bytes.count == 4 {
            return switch (first, second) {
            case (0, _), (10, _), (127, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): true
            default: false
            }
        }
        let isFirstBlock = bytes.dropLast().allSatisfy { $0 == 0 } && (bytes.last ?? 0) < 2
        return isFirstBlock || first & 0xFE == 0xFC || first == 0xFE && second & 0xC0 == 0x80
    }

    /// The address in network order, four bytes or sixteen.
    var bytes: [UInt8] {
        withUnsafeBytes(of: storage) { raw in
            if isV4 { return Array(raw[4..<8]) }
            let bytes = Array(raw[8..<24])
            let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            return isMapped ? Array(bytes[12...]) : bytes
        }
    }
}

internal import Glibc

/// An IPv4 or IPv6 address and a port.
struct SocketAddress: CustomStringConvertible {
    private var storage: sockaddr_storage
    private let length: socklen_t

    /// - Parameter address: An IPv4 or IPv6 literal, without brackets; anything else gives nil.
    init?(address: String, port: Int) {
        guard let port = in_port_t(exactly: port) else { return nil }
        storage = sockaddr_storage()
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

    private init(storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = length
    }

    /// The address that a call such as `getsockname` fills in; nil when it returns a negative number.
    static func filled(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, &length) }
        }
        return status < 0 ? nil : SocketAddress(storage: storage, length: length)
    }

    var family: Int32 { Int32(storage.ss_family) }
    var isVersion6: Bool { family == AF_INET6 }

    var port: Int {
        withUnsafeBytes(of: storage) { bytes in
            // The port is at the same place in both families.
            Int(in_port_t(bigEndian: bytes.load(as: sockaddr_in.self).sin_port))
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// The address alone, as a literal without brackets.
    var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        withUnsafeBytes(of: storage) { bytes in
            if family == AF_INET6 {
                var address = bytes.load(as: sockaddr_in6.self).sin6_addr
                inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
            } else {
                var address = bytes.load(as: sockaddr_in.self).sin_addr
                inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
            }
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The addresses of a host's name, as literals, by the system's resolver, which may block for seconds.
    ///
    /// - Returns: At most 8 of them, or the resolver's text.
    static func resolve(_ name: String) -> Result<[String], ResolverError> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &list)
        guard status == 0 else { return .failure(ResolverError(text: String(cString: gai_strerror(status)))) }
        defer { freeaddrinfo(list) }
        var hosts: [String] = []
        var next = list
        while let entry = next, hosts.count < 8 {
            next = entry.pointee.ai_next
            guard let address = entry.pointee.ai_addr else { continue }
            let length = entry.pointee.ai_addrlen
            let found = filled { storage, storedLength in
                guard length <= storedLength.pointee else { return -1 }
                UnsafeMutableRawPointer(storage).copyMemory(from: address, byteCount: Int(length))
                storedLength.pointee = length
                return 0
            }
            guard let host = found?.host, !host.isEmpty, !hosts.contains(host) else { continue }
            hosts.append(host)
        }
        return .success(hosts)
    }

    struct ResolverError: Error { let text: String }

    var description: String { family == AF_INET6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

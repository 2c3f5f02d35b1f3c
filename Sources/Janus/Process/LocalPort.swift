internal import Glibc

/// TCP ports and addresses of this machine.
enum LocalPort {
    /// A port on 127.0.0.1 that nothing listens on at the moment; `preferred` when that is one.
    static func free(preferred: UInt16? = nil) throws(JanusProcessError) -> UInt16 {
        if let preferred, let port = bound(in_addr(s_addr: UInt32(0x7f00_0001).bigEndian), preferred, SOCK_STREAM) { return port }
        guard let port = bound(in_addr(s_addr: UInt32(0x7f00_0001).bigEndian), 0, SOCK_STREAM) else {
            throw .configuration("no port on 127.0.0.1: \(String(cString: strerror(errno)))")
        }
        return port
    }

    /// Whether sockets can be bound to an address.
    static func isOwn(_ address: in_addr) -> Bool { bound(address, 0, SOCK_DGRAM) != nil }

    /// Binds a socket and closes it again; the port that it had.
    private static func bound(_ address: in_addr, _ port: UInt16, _ type: __socket_type) -> UInt16? {
        let socket = socket(AF_INET, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        var one: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr = address
        name.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(socket, name, length) == 0 && getsockname(socket, name, &length) == 0
            }
        }
        return status ? UInt16(bigEndian: name.sin_port) : nil
    }
}

internal import Glibc

/// The IPv4 addresses of this machine.
struct HostAddresses: Sendable, Equatable {
    /// Of all interfaces that are up, in the system's order.
    var all: [String]
    /// The one from which the machine reaches the rest of the world, if it does.
    var defaultRoute: String?

    /// The ones that ICE can use: not loopback.
    var usable: [String] { all.filter { IPAddress($0)?.isLoopback == false } }

    /// Asks the system. Sends nothing.
    static func current() -> HostAddresses {
        HostAddresses(all: interfaces(), defaultRoute: source())
    }

    private static func interfaces() -> [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var result: [String] = []
        var next = first
        while let interface = next {
            next = interface.pointee.ifa_next
            guard interface.pointee.ifa_flags & UInt32(IFF_UP) != 0, let address = interface.pointee.ifa_addr,
                address.pointee.sa_family == sa_family_t(AF_INET)
            else { continue }
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { result.append(text($0.pointee.sin_addr)) }
        }
        return result.filter { !$0.isEmpty }
    }

    /// Connects a datagram socket, which makes the kernel choose a source address and no packet, towards an address
    /// that is reserved for documentation (RFC 5737).
    private static func source() -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var peer = sockaddr_in()
        peer.sin_family = sa_family_t(AF_INET)
        peer.sin_port = in_port_t(9).bigEndian
        inet_pton(AF_INET, "192.0.2.1", &peer.sin_addr)
        var own = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
        }
        guard connected == 0 else { return nil }
        let named = withUnsafeMutablePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        let address = text(own.sin_addr)
        guard named == 0, let parsed = IPAddress(address), !parsed.isLoopback, !parsed.isUnspecified else { return nil }
        return address
    }

    private static func text(_ address: in_addr) -> String {
        var address = address
        var buffer = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        guard inet_ntop(AF_INET, &address, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

internal import Glibc
internal import SIPNames

/// The address that phones send RTP to, and why it is this one.
public struct MediaAddress: Sendable, Equatable {
    /// Why.
    public enum Reason: Sendable, Equatable {
        /// Key `media.address` says so.
        case configured
        /// SIP listens on it, and on no wildcard.
        case listener
        /// The machine reaches others from it.
        case defaultRoute
        /// The machine has no default route, but this address.
        case interface
        /// The machine has nothing else.
        case nothingElse
    }

    /// IPv4.
    public let address: String
    public let reason: Reason

    static let loopback = MediaAddress(address: "127.0.0.1", reason: .nothingElse)

    private init(address: String, reason: Reason) {
        self.address = address
        self.reason = reason
    }

    /// The configured one; else the one that SIP listens on, where that is one address rather than all; else the one that
    /// the default route starts from; else any.
    init(given: String?, sip listeners: [ListenAddress], host: HostAddresses) {
        if let given {
            self.init(address: given, reason: .configured)
            return
        }
        let own = listeners.filter { !$0.isWildcard && IPAddress($0.address)?.isIPv6 == false }
        let isWildcard = listeners.contains(where: \.isWildcard)
        if !isWildcard, let own = own.first(where: { !$0.isLoopback }) ?? own.first {
            self.init(address: own.address, reason: .listener)
        } else if let address = host.defaultRoute {
            self.init(address: address, reason: .defaultRoute)
        } else if let address = host.usable.first {
            self.init(address: address, reason: .interface)
        } else {
            self = .loopback
        }
    }

    /// What an operator should hear about it.
    func warnings(host: HostAddresses) -> [String] {
        if host.usable.isEmpty {
            return [
                """
                this machine has no address but loopback, which Janus' ICE leaves out: browsers will have no media, nor will \
                echo for phones; give the machine an interface with an address
                """
            ]
        }
        if reason == .configured, IPAddress(address)?.isLoopback == false, !host.all.contains(address) {
            return ["\(address) is not an address of this machine, whose are \(host.all.joined(separator: ", ")): RTP cannot be bound to it. Where a NAT leads it here, it is nat.public_address"]
        }
        return []
    }
}

/// The addresses of this machine.
public struct HostAddresses: Sendable, Equatable {
    /// IPv4, of all interfaces that are up, in the system's order.
    public var all: [String]
    /// The one from which the machine reaches the rest of the world, if it does.
    var defaultRoute: String?

    /// The same of IPv6.
    var ipv6: [String] = []

    /// All of them, for people.
    var listed: String { (all + ipv6.filter { IPAddress($0)?.isLoopback == false }).joined(separator: ", ") }

    /// Whether one can listen there: an address of this machine, loopback, or all addresses. True where the machine's are not known.
    func has(_ listener: ListenAddress) -> Bool {
        guard !listener.isWildcard, !listener.isLoopback, let address = IPAddress(listener.address) else { return true }
        let own = address.isIPv6 ? ipv6 : all
        return own.isEmpty && all.isEmpty || own.contains { IPAddress($0) == address }
    }

    /// The ones that ICE can use: not loopback.
    var usable: [String] { all.filter { IPAddress($0)?.isLoopback == false } }

    /// Asks the system. Sends nothing.
    public static func current() -> HostAddresses {
        HostAddresses(all: interfaces(AF_INET), defaultRoute: source(), ipv6: interfaces(AF_INET6))
    }

    private static func interfaces(_ family: Int32) -> [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var result: [String] = []
        var next = first
        while let interface = next {
            next = interface.pointee.ifa_next
            guard interface.pointee.ifa_flags & UInt32(IFF_UP) != 0, let address = interface.pointee.ifa_addr,
                address.pointee.sa_family == sa_family_t(family)
            else { continue }
            if family == AF_INET6 {
                address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { result.append(text($0.pointee.sin6_addr)) }
            } else {
                address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { result.append(text($0.pointee.sin_addr)) }
            }
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

    private static func text(_ address: in6_addr) -> String {
        withUnsafeBytes(of: address) { IPAddress(bytes: Array($0)) }?.description ?? ""
    }

    private static func text(_ address: in_addr) -> String {
        var address = address
        var buffer = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
        guard inet_ntop(AF_INET, &address, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

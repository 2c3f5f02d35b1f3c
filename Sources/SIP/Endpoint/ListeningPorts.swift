internal import Glibc
internal import SIPNames

/// Transports that share an address and a port, and so a stack.
struct ListenGroup: Equatable {
    let address: String
    let port: Int
    var transports: [ListenAddress.Transport]
}

extension [ListenAddress] {
    /// Addresses in order, UDP and TCP of one port together, TLS by itself, an address that is named twice once.
    func groupedByPort() -> [ListenGroup] {
        var groups: [ListenGroup] = []
        for listen in self {
            let twin = groups.firstIndex {
                $0.address == listen.address && $0.port == listen.port
                    && $0.transports.contains(.tls) == (listen.transport == .tls)
            }
            guard let twin, listen.port != 0 || !groups[twin].transports.contains(listen.transport) else {
                groups.append(ListenGroup(address: listen.address, port: listen.port, transports: [listen.transport]))
                continue
            }
            if !groups[twin].transports.contains(listen.transport) { groups[twin].transports.append(listen.transport) }
        }
        return groups
    }
}

/// Tries a port before Sofia gets it: Sofia says only that something failed, not which address and why, and it has no way
/// to tell which port it was given for 0.
enum PortProbe {
    struct Refusal: Error {
        let code: Int32

        var text: String { SofiaText.field(strerror(code)) }
    }

    /// A port that is free for all of `transports` on `address`: `port` itself, or any for 0.
    static func freePort(
        _ address: String, port: Int, transports: [ListenAddress.Transport]
    ) throws(SIPError) -> Int {
        // Another process may take the TCP port that goes with a free UDP port: a few tries find a pair.
        let tries = port == 0 ? 16 : 1
        var failure = SIPError.nothingToListenOn
        for _ in 0..<tries {
            switch bind(address, port: port, transports) {
            case .success(let port): return port
            case .failure(let error): failure = error
            }
        }
        throw failure
    }

    private static func bind(
        _ address: String, port: Int, _ transports: [ListenAddress.Transport]
    ) -> Result<Int, SIPError> {
        var port = port
        var held: [Int32] = []
        defer { for descriptor in held { close(descriptor) } }
        for transport in transports {
            let wanted = ListenAddress(transport: transport, address: address, port: port)
            guard let socketAddress = SocketAddress(address: address, port: port) else {
                return .failure(.badAddress(wanted))
            }
            switch socketAddress.bound(to: transport) {
            case .success(let descriptor):
                held.append(descriptor)
                port = SocketAddress(boundTo: descriptor)?.port ?? port
            case .failure(let refusal):
                return .failure(.cannotListen(wanted, reason: refusal.text))
            }
        }
        return .success(port)
    }
}

extension SocketAddress {
    /// `192.0.2.1:5060`, `[2001:db8::1]:5060`; an IPv4 address that is mapped into IPv6 as the IPv4 address.
    var hostPort: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }

    /// The address of this host from which packets to `self` go out: the routing table is asked, nothing is sent.
    var localAddressTowards: String? {
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard withPointer({ connect(descriptor, $0, $1) }) == 0 else { return nil }
        return SocketAddress(boundTo: descriptor)?.address
    }

    /// Binds a socket of `transport` to this address. Returns the descriptor, or the error.
    func bound(to transport: ListenAddress.Transport) -> Result<Int32, PortProbe.Refusal> {
        let kind = transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        let descriptor = socket(family, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return .failure(PortProbe.Refusal(code: errno)) }
        var on: Int32 = 1
        if transport != .udp {
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        if ip.isIPv6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<Int32>.size)) }
        var failed = withPointer { bind(descriptor, $0, $1) } != 0
        // A TCP port that somebody listens on can be bound, but not be listened on.
        if !failed, transport != .udp { failed = listen(descriptor, 1) != 0 }
        guard failed else { return .success(descriptor) }
        let refusal = PortProbe.Refusal(code: errno)
        close(descriptor)
        return .failure(refusal)
    }
}

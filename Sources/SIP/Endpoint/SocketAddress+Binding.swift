internal import Glibc
internal import SIPNames

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

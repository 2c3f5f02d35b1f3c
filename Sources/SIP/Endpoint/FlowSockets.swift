internal import EventLoop
internal import Glibc
internal import SIPNames

/// Tells whether the connection of a flow still stands.
///
/// Sofia would open another one towards the peer's port, where behind NAT nobody answers for 32 seconds; and it does not
/// say which connections it has. The kernel does: they are descriptors of this process.
@LoopActor
final class FlowSockets {
    /// More descriptors than this are not remembered.
    private static let most = 16_384
    /// `TCP_ESTABLISHED` of Linux' <netinet/tcp.h>.
    private static let established: UInt8 = 1

    /// `TCP_USER_TIMEOUT` of the same.
    private static let tcpUserTimeout: Int32 = 18
    /// Milliseconds.
    private static let silenceLimit = 10_000

    private var known: [SIPFlow: Int32] = [:]

    /// Whether there is a way to the peer of `flow`: always over UDP.
    func isOpen(_ flow: SIPFlow) -> Bool {
        guard flow.transport != .udp else { return true }
        guard let peer = SocketAddress(address: flow.peerAddress, port: flow.peerPort) else { return false }
        if let descriptor = known[flow], FlowSockets.is(descriptor, connectedTo: peer, port: flow.listener.port) { return true }
        known[flow] = nil
        guard let found = FlowSockets.descriptors().first(where: {
            FlowSockets.is($0, connectedTo: peer, port: flow.listener.port)
        }) else { return false }
        if known.count >= FlowSockets.most { known.removeAll() }
        known[flow] = found
        FlowSockets.bound(found)
        return true
    }

    /// Ends the connections to `peer`: nothing is answered over them, so that the next request is to open another.
    func cut(_ peer: SocketAddress) {
        for descriptor in FlowSockets.descriptors() where SocketAddress(peerOf: descriptor) == peer {
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }

    private static func `is`(_ descriptor: Int32, connectedTo peer: SocketAddress, port: Int) -> Bool {
        guard let remote = SocketAddress(peerOf: descriptor), remote == peer,
            SocketAddress(boundTo: descriptor)?.port == port
        else { return false }
        // The state is the first byte of what TCP_INFO fills; a peer that has hung up leaves CLOSE_WAIT.
        var info = [UInt8](repeating: 0, count: 256)
        var length = socklen_t(info.count)
        return getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 && info.first == established
    }

    /// Has the kernel give up a connection whose other end does not acknowledge what is sent: behind a NAT that has forgotten
    /// it, the request fails with 503 instead of waiting for 32 seconds.
    private static func bound(_ descriptor: Int32) {
        var limit = UInt32(silenceLimit)
        setsockopt(descriptor, Int32(IPPROTO_TCP), tcpUserTimeout, &limit, socklen_t(MemoryLayout<UInt32>.size))
    }

    /// Stays open: where all descriptors are used up nothing more can be opened, and then it is wanted most.
    private static let directory = opendir("/proc/self/fd")

    /// Opens it, while there are descriptors.
    static func prepare() { _ = directory }

    /// The descriptors of this process. The file system is the kernel's own: it does not wait for a disk.
    static func descriptors() -> [Int32] {
        guard let directory else { return [] }
        rewinddir(directory)
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let number = Int32(name) { found.append(number) }
        }
        return found
    }
}

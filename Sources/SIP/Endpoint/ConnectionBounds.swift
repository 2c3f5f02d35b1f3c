internal import EventLoop
internal import Glibc
internal import SIPNames

/// Keeps whoever opens connections to our SIP listeners from taking all descriptors that this process may have: then there would
/// be none for others, for pages, or for the database. Sofia takes every connection, and keeps it for half an hour.
///
/// Once a second the surplus is closed, of each address what it opened last; and what its peer does not read from, while Sofia goes on
/// answering who sends and does not listen.
@LoopActor
final class ConnectionBounds {
    /// A connection that somebody opened to us.
    struct Connection: Hashable {
        let descriptor: Int32
        let address: String
    }

    private let ports: Set<Int>
    private let perAddress: Int
    private let inAll: Int
    private let onSurplus: @LoopActor (Int) -> Void
    private var timer: LoopTimer?
    /// Bytes that peers left unread at the last look; those of whom it is the same at the next are given up.
    private var unread: [Connection: Int32] = [:]
    /// As much as nobody leaves unread who talks SIP.
    private static let unreadLimit: Int32 = 16_384
    /// `SIOCOUTQ` of tcp(7).
    private static let outputQueue: UInt = 0x5411

    /// - Parameters:
    ///   - perAddress: Connections that one address may have, at most an eighth of the process' descriptors.
    ///   - inAll: Connections that there may be, at most half of them.
    ///   - onSurplus: Hears how many were closed.
    init(listening: [ListenAddress], perAddress: Int, inAll: Int, onSurplus: @escaping @LoopActor (Int) -> Void) {
        ports = Set(listening.filter { $0.transport != .udp }.map(\.port))
        let descriptors = ConnectionBounds.descriptorLimit
        self.perAddress = max(1, min(perAddress, descriptors / 8))
        self.inAll = max(1, min(inAll, descriptors / 2))
        self.onSurplus = onSurplus
        guard !ports.isEmpty else { return }
        timer = LoopTimer.schedule(after: .seconds(1), every: .seconds(1)) { [weak self] in self?.look() }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    private func look() {
        let connections = FlowSockets.descriptors().compactMap { descriptor -> Connection? in
            guard let peer = SocketAddress(peerOf: descriptor), let own = SocketAddress(boundTo: descriptor), ports.contains(own.port)
            else { return nil }
            return Connection(descriptor: descriptor, address: peer.address)
        }
        let surplus = ConnectionBounds.surplus(of: connections, perAddress: perAddress, inAll: inAll) + unread(of: connections)
        for connection in surplus { shutdown(connection.descriptor, Int32(SHUT_RDWR)) }
        if !surplus.isEmpty { onSurplus(surplus.count) }
    }

    /// Connections whose peer has read nothing of what waits for it since the last look.
    private func unread(of connections: [Connection]) -> [Connection] {
        var waiting: [Connection: Int32] = [:]
        for connection in connections {
            var bytes: Int32 = 0
            guard ioctl(connection.descriptor, ConnectionBounds.outputQueue, &bytes) == 0, bytes >= ConnectionBounds.unreadLimit else { continue }
            waiting[connection] = bytes
        }
        defer { unread = waiting }
        return waiting.filter { unread[$0.key] == $0.value }.map(\.key)
    }

    /// The connections to be closed: each address's newest beyond its limit, then the largest holders' newest.
    nonisolated static func surplus(of connections: [Connection], perAddress: Int, inAll: Int) -> [Connection] {
        var counts: [String: Int] = [:]
        let ranked = connections.sorted { $0.descriptor < $1.descriptor }.map { connection in
            counts[connection.address, default: 0] += 1
            return (rank: counts[connection.address, default: 0], connection: connection)
        }
        let over = ranked.filter { $0.rank > perAddress }
        let left = ranked.filter { $0.rank <= perAddress }.sorted { ($0.rank, $0.connection.descriptor) > ($1.rank, $1.connection.descriptor) }
        return (over + left.prefix(max(0, left.count - inAll))).map(\.connection)
    }

    /// How many descriptors the process may have.
    private static var descriptorLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        return Int(clamping: limit.rlim_cur)
    }
}

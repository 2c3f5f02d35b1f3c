internal import EventLoop
internal import Glibc
internal import SIPNames

/// Keeps whoever opens connections to our SIP listeners from taking all descriptors that this process may have: then there would
/// be none for others, for pages, or for the database. Sofia takes every connection, and keeps it for half an hour.
///
/// Once a second the surplus is closed (``ConnectionShares``), and with it a connection whose peer does not read, while Sofia goes on answering it, and one
/// whose message does not end (``UnfinishedMessages``).
@LoopActor
final class ConnectionBounds {
    private let ports: Set<Int>
    private let shares: ConnectionShares
    private let exempt: @LoopActor () -> ExemptAddresses
    private let isKnown: @LoopActor (SocketAddress) -> Bool
    private let onSurplus: @LoopActor (Int) -> Void
    private var timer: LoopTimer?
    /// Bytes that peers left unread at the last look; those of whom it is the same at the next are given up.
    private var unread: [Int32: (peer: SocketAddress, bytes: Int32)] = [:]
    /// How long a message may take.
    private let messageLimit: Duration
    /// As much as nobody leaves unread who talks SIP.
    private static let unreadLimit: Int32 = 16_384
    /// `SIOCOUTQ` of tcp(7).
    private static let outputQueue: UInt = 0x5411

    /// - Parameters:
    ///   - shares: Connections that there may be: an eighth of the process' descriptors for an address, a quarter for a network, half in all at most.
    ///   - exempt: Addresses that count in all only.
    ///   - messageLimit: How long a message may take, from its first byte to its last.
    ///   - isKnown: Whether a peer has proven who it is, as a registered phone.
    ///   - onSurplus: Hears how many were closed.
    init(
        listening: [ListenAddress], shares: ConnectionShares, messageLimit: Duration, exempt: @escaping @LoopActor () -> ExemptAddresses,
        isKnown: @escaping @LoopActor (SocketAddress) -> Bool, onSurplus: @escaping @LoopActor (Int) -> Void
    ) {
        ports = Set(listening.filter { $0.transport != .udp }.map(\.port))
        self.shares = shares
        self.messageLimit = messageLimit
        self.exempt = exempt
        self.isKnown = isKnown
        self.onSurplus = onSurplus
        guard !ports.isEmpty else { return }
        timer = LoopTimer.schedule(after: .seconds(1), every: .seconds(1)) { [weak self] in self?.look() }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    private func look() {
        let all = FlowSockets.descriptors()
        let connected = all.compactMap { descriptor in SocketAddress(peerOf: descriptor).map { (descriptor: descriptor, peer: $0) } }
        let accepted = connected.filter { SocketAddress(boundTo: $0.descriptor).map { ports.contains($0.port) } ?? false }
        let exempt = exempt()
        let connections = accepted.map { descriptor, peer in
            ConnectionShares.Connection(
                id: Int(descriptor), source: SourceAddress(peer.ip, exempt: exempt), idle: ConnectionBounds.idle(descriptor), isKnown: isKnown(peer))
        }
        let kept = connections.count { $0.isKnown || $0.source.isExempt }
        let shares = bounded(descriptors: all.count, connections: connections.count, kept: kept)
        let surplus = Set(shares.surplus(of: connections).map { Int32($0.id) })
            .union(unread(of: accepted))
            .union(unfinished(of: connected))
        for descriptor in surplus { shutdown(descriptor, Int32(SHUT_RDWR)) }
        if !surplus.isEmpty { onSurplus(surplus.count) }
    }

    /// Connections, ours to others as well, whose message is not whole in time.
    private func unfinished(of connections: [(descriptor: Int32, peer: SocketAddress)]) -> [Int32] {
        UnfinishedMessages.keep(Set(connections.map(\.peer)))
        let overdue = UnfinishedMessages.overdue(messageLimit, at: .now)
        return overdue.isEmpty ? [] : connections.filter { overdue.contains($0.peer) }.map(\.descriptor)
    }

    /// Time since data came (`tcpi_last_data_recv` of Linux' <linux/tcp.h>, in milliseconds).
    private static func idle(_ descriptor: Int32) -> Duration {
        var info = [UInt32](repeating: 0, count: 64)
        var length = socklen_t(info.count * MemoryLayout<UInt32>.size)
        return getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 ? .milliseconds(Int(info[13])) : .zero
    }

    /// Connections whose peer has read nothing of what waits for it since the last look.
    private func unread(of connections: [(descriptor: Int32, peer: SocketAddress)]) -> [Int32] {
        var waiting: [Int32: (peer: SocketAddress, bytes: Int32)] = [:]
        for (descriptor, peer) in connections {
            var bytes: Int32 = 0
            guard ioctl(descriptor, ConnectionBounds.outputQueue, &bytes) == 0, bytes >= ConnectionBounds.unreadLimit else { continue }
            waiting[descriptor] = (peer, bytes)
        }
        defer { unread = waiting }
        return waiting.filter { unread[$0.key]?.peer == $0.value.peer && unread[$0.key]?.bytes == $0.value.bytes }.map(\.key)
    }

    /// The shares, as the limit of descriptors allows them at the moment. Where the reserve is reached, as many connections go as it has descriptors: then
    /// connections are accepted again (``AcceptPause``); but none of those that are known, whoever has taken the descriptors.
    private func bounded(descriptors: Int, connections: Int, kept: Int) -> ConnectionShares {
        let limit = DescriptorReserve.limit, reserve = DescriptorReserve.size
        var inAll = min(shares.inAll, limit / 2)
        if descriptors >= limit - reserve { inAll = min(inAll, max(kept, connections - reserve)) }
        return ConnectionShares(
            perAddress: max(1, min(shares.perAddress, limit / 8)), perNetwork: max(1, min(shares.perNetwork, limit / 4)), inAll: max(0, inAll))
    }
}

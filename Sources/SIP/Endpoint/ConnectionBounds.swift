internal import EventLoop
internal import Glibc
internal import SIPNames

/// Keeps whoever opens connections to our SIP listeners from taking all descriptors that this process may have: then there would
/// be none for others, for pages, or for the database. Sofia takes every connection, and keeps it for half an hour.
///
/// Once a second the surplus is closed (``ConnectionShares``), and with it what its peer does not read from, while Sofia goes on answering who sends and
/// does not listen, and what brings data again and again but no message: Sofia waits for the next piece of a message, but not for its end.
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
    private var slow = SlowSenders()
    /// As much as nobody leaves unread who talks SIP.
    private static let unreadLimit: Int32 = 16_384
    /// `SIOCOUTQ` of tcp(7).
    private static let outputQueue: UInt = 0x5411

    /// - Parameters:
    ///   - shares: Connections that there may be: an eighth of the process' descriptors for an address, a quarter for a network, half in all at most.
    ///   - exempt: Addresses that count in all only.
    ///   - isKnown: Whether a peer has proven who it is, as a registered phone.
    ///   - onSurplus: Hears how many were closed.
    init(
        listening: [ListenAddress], shares: ConnectionShares, exempt: @escaping @LoopActor () -> ExemptAddresses, isKnown: @escaping @LoopActor (SocketAddress) -> Bool,
        onSurplus: @escaping @LoopActor (Int) -> Void
    ) {
        ports = Set(listening.filter { $0.transport != .udp }.map(\.port))
        self.shares = shares
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
        let sockets = all.compactMap { descriptor -> (descriptor: Int32, peer: SocketAddress, figures: TCPFigures)? in
            guard let peer = SocketAddress(peerOf: descriptor), let own = SocketAddress(boundTo: descriptor), ports.contains(own.port) else { return nil }
            return (descriptor, peer, TCPFigures(of: descriptor))
        }
        let exempt = exempt()
        let connections = sockets.map { socket in
            ConnectionShares.Connection(
                id: Int(socket.descriptor), source: SourceAddress(socket.peer.ip, exempt: exempt), idle: socket.figures.idle, isKnown: isKnown(socket.peer))
        }
        let kept = connections.count { $0.isKnown || $0.source.isExempt }
        let shares = bounded(descriptors: all.count, connections: connections.count, kept: kept)
        let surplus = Set(shares.surplus(of: connections).map { Int32($0.id) })
            .union(unread(of: sockets.map { ($0.descriptor, $0.peer) }))
            .union(slow.look(sockets.map { ($0.descriptor, $0.peer, $0.figures.segments) }, messages: ReceivedMessages.counts))
        ReceivedMessages.keep(Set(sockets.map(\.peer)))
        for descriptor in surplus { shutdown(descriptor, Int32(SHUT_RDWR)) }
        if !surplus.isEmpty { onSurplus(surplus.count) }
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

internal import CSofiaSIP
internal import EventLoop
internal import SIPNames

/// Messages that have begun to come over a connection and have not ended, by peer and connection.
///
/// Over TCP, Sofia forgets a message whose next piece does not come in time, and goes on reading; over TLS it waits for ever. So the time of each message is taken
/// here, from its first byte on, and ``ConnectionBounds`` closes the connection. Line ends between messages are keepalives, and begin none.
@LoopActor
enum UnfinishedMessages {
    /// A peer may have a connection to each of our ports from one of its own: a message on one ends none on another.
    private struct Connection: Hashable {
        let peer: SocketAddress
        /// Sofia's object, by its address.
        let transport: UInt
    }

    private static var began: [Connection: ContinuousClock.Instant] = [:]
    /// More than there can be connections.
    private static let most = 65_536

    static func record(_ piece: tern_piece_t, from peer: SocketAddress, over transport: UInt, at now: ContinuousClock.Instant) {
        let connection = Connection(peer: peer, transport: transport)
        switch piece {
        case tern_piece_more where began[connection] != nil: break
        case tern_piece_more, tern_piece_first: if began.count < most || began[connection] != nil { began[connection] = now }
        case tern_piece_last: began[connection] = nil
        default: break
        }
    }

    /// The peers with a message that has not ended within `limit`: told once, as their connections are closed.
    static func overdue(_ limit: Duration, at now: ContinuousClock.Instant) -> Set<SocketAddress> {
        let overdue = Set(began.lazy.filter { $0.value + limit <= now }.map(\.key.peer))
        if !overdue.isEmpty { began = began.filter { !overdue.contains($0.key.peer) } }
        return overdue
    }

    /// Forgets all other peers.
    static func keep(_ peers: Set<SocketAddress>) { began = began.filter { peers.contains($0.key.peer) } }
}

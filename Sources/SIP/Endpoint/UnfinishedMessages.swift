internal import CSofiaSIP
internal import EventLoop
internal import SIPNames

/// Messages that have begun to come over a connection and have not ended, by peer.
///
/// Over TCP, Sofia forgets a message whose next piece does not come in time, and goes on reading; over TLS it waits for ever. So the time of each message is taken
/// here, from its first byte on, and ``ConnectionBounds`` closes the connection. Line ends between messages are keepalives, and begin none.
@LoopActor
enum UnfinishedMessages {
    private static var began: [SocketAddress: ContinuousClock.Instant] = [:]
    /// More than there can be connections.
    private static let most = 65_536

    static func note(_ piece: tern_piece_t, from peer: SocketAddress, at now: ContinuousClock.Instant) {
        switch piece {
        case tern_piece_more where began[peer] != nil: break
        case tern_piece_more, tern_piece_first: if began.count < most || began[peer] != nil { began[peer] = now }
        case tern_piece_last: began[peer] = nil
        default: break
        }
    }

    /// The peers whose message has not ended within `limit`.
    static func overdue(_ limit: Duration, at now: ContinuousClock.Instant) -> Set<SocketAddress> {
        Set(began.lazy.filter { $0.value + limit <= now }.map(\.key))
    }

    /// Forgets all other peers.
    static func keep(_ peers: Set<SocketAddress>) { began = began.filter { peers.contains($0.key) } }
}

internal import CJanusPlugin
internal import RTP

/// A loop of Janus that has PeerConnections of ours: their peers' sockets are read in its thread, so that no packet changes threads; and when it
/// is busy, it turns less often.
///
/// It is there from the first PeerConnection in the loop to the last one: with a loop for each handle, a loop ends with its handle.
final class Loop {
    let context: OpaquePointer
    let poller: Poller
    /// How many PeerConnections are up in it.
    var users = 0
    private var source: UnsafeMutablePointer<GSource>?
    /// Used in the loop's thread.
    private let moderation: UnsafeMutablePointer<TurnModeration>
    /// Media pass a loop once each way, and a handshake takes several turns. Microseconds.
    private static let interval: Int64 = 1_000

    /// - Returns: Nil where the process has no descriptor left.
    init?(_ context: OpaquePointer) {
        let poller = Poller()
        guard poller.isUsable else { return nil }
        self.context = context
        self.poller = poller
        moderation = .allocate(capacity: 1)
        moderation.initialize(to: TurnModeration(interval: Loop.interval))
        source = tern_watch(
            context, poller.epoll,
            { argument in if let argument { Unmanaged<Loop>.fromOpaque(argument)._withUnsafeGuaranteedRef { $0.moderation.pointee.beginTurn(servesSetups: true) } } },
            { argument in if let argument { Unmanaged<Loop>.fromOpaque(argument)._withUnsafeGuaranteedRef { _ = $0.poller.turn(timeout: 0) } } },
            Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { moderation.deallocate() }

    /// In the loop's thread.
    func end() {
        if let source { tern_unwatch(source) }
        source = nil
    }
}

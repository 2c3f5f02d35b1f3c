internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The thread that reads the sockets of plain legs that no loop reads, and does the periodic work of all.
final class Relay: @unchecked Sendable {
    static let shared = Relay()

    /// Between two rounds of the periodic work. Microseconds.
    static let period: Int64 = 100_000
    /// Between two turns under load. Microseconds.
    private static let interval: Int64 = 2_000

    let poller = Poller()
    /// Readable when the plugin ends.
    private let wake = tern_wake_descriptor()

    private init() { poller.add(wake: wake) }

    /// Ends ``run()``.
    func end() {
        var one: UInt64 = 1
        write(wake, &one, MemoryLayout<UInt64>.size)
    }

    /// Runs until the plugin ends.
    func run() {
        var due = Clock.now() &+ Relay.period
        var moderation = TurnModeration(interval: Relay.interval)
        while true {
            moderation.beginTurn(servesSetups: false)
            let wait = max(due &- Clock.now(), 0) / 1_000 &+ 1
            guard poller.turn(timeout: Int32(truncatingIfNeeded: wait)) else { return }
            let now = Clock.now()
            guard now >= due else { continue }
            due = now &+ Relay.period
            Housekeeping.run(now: now)
        }
    }
}

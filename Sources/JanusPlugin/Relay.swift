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

/// The periodic work of all legs.
enum Housekeeping {
    /// A phone is silent when it has sent no RTP for so long. Microseconds.
    static let silence: Int64 = 1_000_000

    static func run(now: Int64) {
        for leg in Legs.shared.all() { visit(leg, now) }
        Legs.shared.releaseEnded(now: now)
    }

    private static func visit(_ leg: LegPointer, _ now: Int64) {
        leg.pointee.receiving.lock()
        guard leg.pointee.session != nil else { return leg.pointee.receiving.unlock() }
        let generation = leg.pointee.generation
        for medium in Medium.allCases {
            leg.reportLapsedDigit(medium, now)
            leg.reportFlow(medium, now)
            leg.requestLostPackets(medium, now: now)
            leg.sendReport(medium, now: now)
        }
        leg.pointee.receiving.unlock()
        leg.requestDueKeyframe(generation: generation, now: now)
        leg.sendLimit(generation: generation, now: now)
    }
}

extension LegPointer {
    /// Under the receiving lock.
    fileprivate func reportFlow(_ medium: Medium, _ now: Int64) {
        let receiver = receiver(medium)
        guard pointee.kind == .plain else { return }
        if receiver.pointee.refusal.isDue(now: now) { Notes.post(Note(leg: reference, kind: .unreachable, medium: medium)) }
        guard receiver.pointee.lastRTP > 0 else { return }
        let isFlowing = now &- receiver.pointee.lastRTP < Housekeeping.silence
        guard isFlowing != receiver.pointee.isFlowing else { return }
        receiver.pointee.isFlowing = isFlowing
        Notes.post(Note(leg: reference, kind: isFlowing ? .flowing : .silent, medium: medium))
    }
}

/// The threads of the plugin. Their number does not depend on that of legs.
enum Engine {
    /// Written by the thread that starts and ends plugins only.
    nonisolated(unsafe) private static var threads: [pthread_t] = []

    static func start() -> Bool {
        guard Relay.shared.poller.isUsable else { return false }
        for index in 0..<Descriptions.threads {
            let isThere = begin({ argument in
                tern_name_thread("tern sdp")
                Descriptions.shared[Int(bitPattern: argument) % Descriptions.threads].run()
                return nil
            }, UnsafeMutableRawPointer(bitPattern: index))
            guard isThere else { return false }
        }
        return begin { _ in
            tern_name_thread("tern tones")
            LineSignals.run()
            return nil
        } && begin { _ in
            tern_name_thread("tern rtp")
            Relay.shared.run()
            return nil
        } && begin { _ in
            tern_name_thread("tern events")
            Control.run()
            return nil
        }
    }

    static func stop() {
        Relay.shared.end()
        Notes.end()
        LineSignals.end()
        for descriptions in Descriptions.shared { descriptions.end() }
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }

    private static func begin(
        _ body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?, _ argument: UnsafeMutableRawPointer? = nil
    ) -> Bool {
        var thread = pthread_t()
        guard pthread_create(&thread, nil, body, argument) == 0 else { return false }
        threads.append(thread)
        return true
    }
}

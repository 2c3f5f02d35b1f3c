internal import Glibc
internal import RTP
internal import Synchronization

/// The PeerConnections that are being set up: each step of ICE and DTLS takes a turn of a loop. Written under ``Legs``' lock.
enum Setups {
    /// A description makes a PeerConnection count for so long: the other party may be ringing, or gone. Microseconds.
    private static let lifetime: Int64 = 300_000

    private static let count = Atomic<Int>(0)
    private static let end = Atomic<Int64>(0)

    /// Whether a PeerConnection is being set up.
    static func areUnderWay(now: Int64) -> Bool { count.load(ordering: .relaxed) > 0 && now < end.load(ordering: .relaxed) }

    /// The leg's offer or answer is there.
    static func begin(_ leg: LegPointer) {
        guard leg.pointee.loop == nil else { return }
        end.store(Clock.now() &+ lifetime, ordering: .relaxed)
        guard !leg.pointee.isConnecting else { return }
        leg.pointee.isConnecting = true
        count.add(1, ordering: .relaxed)
    }

    /// The leg's PeerConnection is up, or will not be.
    static func end(_ leg: LegPointer) {
        guard leg.pointee.isConnecting else { return }
        leg.pointee.isConnecting = false
        count.subtract(1, ordering: .relaxed)
    }
}

extension TurnModeration {
    /// `TERN_MODERATION=off` in the environment of Janus ends all moderation, for the benchmark to compare with.
    private static let isOff = getenv("TERN_MODERATION").map { String(cString: $0) == "off" } ?? false

    /// Begins a turn of the calling thread: waits before, if the thread is busy.
    ///
    /// - Parameter servesSetups: Whether PeerConnections that are being set up are this thread's.
    mutating func beginTurn(servesSetups: Bool) {
        guard !TurnModeration.isOff else { return }
        let now = Clock.now()
        let delay = delay(now: now, isUrgent: servesSetups && Setups.areUnderWay(now: now))
        guard delay > 0 else { return }
        var time = timespec(tv_sec: 0, tv_nsec: Int(delay) &* 1_000)
        nanosleep(&time, nil)
    }
}

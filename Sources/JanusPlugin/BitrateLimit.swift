internal import CJanusPlugin
internal import Glibc

/// How much a browser may send: what the gateway allows, and what arrives at the peer. Under the leg's sending lock.
struct BitrateLimit {
    /// What lifts a limit, in bit/s.
    static let none: UInt32 = 100_000_000
    /// A browser forgets a limit that is not repeated. Microseconds.
    static let interval: Int64 = 1_500_000
    /// Between two estimates of the peer's that are handed on. Microseconds.
    static let shortInterval: Int64 = 200_000
    /// The peer's estimate is over when it is not repeated for so long. Microseconds.
    static let lifetime: Int64 = 10_000_000

    /// What the gateway allows, in bit/s; 0 for no limit.
    private var allowed: UInt32 = 0
    /// What arrives at the peer; 0 where nothing is known.
    private var estimate: UInt32 = 0
    private var estimated: Int64 = 0
    private var last: Int64 = 0
    /// Whether a limit is sent before the interval is over: it has changed, or ended.
    private var isDue = false

    /// Sets the gateway's limit.
    mutating func allow(_ rate: UInt32) {
        let rate = min(rate, BitrateLimit.none)
        if rate != allowed { isDue = true }
        allowed = rate
    }

    /// Sets the peer's estimate.
    mutating func estimate(_ rate: UInt64, now: Int64) {
        estimate = UInt32(truncatingIfNeeded: min(max(rate, 1), UInt64(BitrateLimit.none)))
        estimated = now
        if now &- last >= BitrateLimit.shortInterval { isDue = true }
    }

    /// The PeerConnection is up: it knows of no limit.
    mutating func begin() {
        isDue = allowed != 0
        estimate = 0
    }

    /// The limit to send now; nil for none.
    mutating func next(now: Int64) -> UInt32? {
        if estimate != 0, now &- estimated >= BitrateLimit.lifetime {
            estimate = 0
            isDue = true
        }
        guard isDue || allowed != 0 && now &- last >= BitrateLimit.interval else { return nil }
        isDue = false
        last = now
        let rates = (allowed == 0 ? BitrateLimit.none : allowed, estimate == 0 ? BitrateLimit.none : estimate)
        return min(rates.0, rates.1)
    }
}

extension LegPointer {
    /// The peer's estimate of what arrives there. No lock may be held.
    func limit(to estimate: UInt64, generation: UInt64, now: Int64) {
        pointee.sending.locked {
            if pointee.generation == generation { pointee.limit.estimate(estimate, now: now) }
        }
        sendLimit(generation: generation, now: now)
    }

    /// Tells the browser how much it may send, if that is due. No lock may be held.
    func sendLimit(generation: UInt64, now: Int64) {
        pointee.sending.lock()
        guard pointee.generation == generation, pointee.isUp, sender(.video).pointee.isOpen, let session = pointee.session,
            let rate = pointee.limit.next(now: now)
        else { return pointee.sending.unlock() }
        tern_session_retain(session)
        pointee.sending.unlock()
        tern_send_remb(session, rate)
        tern_session_release(session)
    }
}

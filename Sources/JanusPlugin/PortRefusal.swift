/// Whether the port that a phone wants its RTP at is closed, as ICMP says. Under the leg's receiving lock.
struct PortRefusal {
    /// So long it has to be closed until that is reported, and again while it stays so: a phone may open it late. Microseconds.
    private static let patience: Int64 = 2_000_000
    /// What was refused before this is no longer news. Microseconds.
    private static let lifetime: Int64 = 1_000_000

    private var since: Int64 = 0
    private var last: Int64 = 0
    private var reported: Int64 = 0

    /// A packet was refused.
    mutating func note(now: Int64) {
        if since == 0 || now &- last >= PortRefusal.lifetime { since = now }
        last = now
    }

    /// RTP of the phone: it lives.
    @inline(__always)
    mutating func end() { since = 0 }

    /// Whether to report it now.
    mutating func isDue(now: Int64) -> Bool {
        guard since != 0, now &- last < PortRefusal.lifetime, now &- max(since, reported) >= PortRefusal.patience else { return false }
        reported = now
        return true
    }
}

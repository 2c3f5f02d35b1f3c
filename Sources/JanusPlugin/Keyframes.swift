internal import CJanusPlugin
internal import Glibc

/// When a leg's party was asked for a keyframe, and whether a request waits. Under the leg's sending lock.
struct KeyframeRequests {
    /// Between two requests. Microseconds.
    static let interval: Int64 = 500_000

    private var last: Int64 = 0
    private(set) var isDue = false

    /// Asks now, or as soon as the interval is over.
    ///
    /// - Returns: Whether to ask now.
    mutating func request(now: Int64) -> Bool {
        isDue = true
        return lapse(now: now)
    }

    /// Whether a request that had to wait is due.
    mutating func lapse(now: Int64) -> Bool {
        guard isDue, last == 0 || now &- last >= KeyframeRequests.interval else { return false }
        isDue = false
        last = now
        return true
    }
}

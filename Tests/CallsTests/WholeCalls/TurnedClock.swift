@testable import EventLoop

/// A clock that a test turns by hand: timers that are scheduled while it is in use fire when it is turned past their time.
@LoopActor
final class TurnedClock: TimerClock {
    private struct Entry {
        let timer: LoopTimer
        var due: Duration
        let number: Int
        let interval: Duration?
    }

    private(set) var now = Duration.zero
    private var entries: [ObjectIdentifier: Entry] = [:]
    private var last = 0

    /// Timers that have not fired and were not cancelled.
    var count: Int { entries.count }

    /// Has the timers from now on, until ``retire()``.
    func use() { LoopTimer.clock = self }

    func retire() { LoopTimer.clock = nil }

    func insert(_ timer: LoopTimer, after delay: Duration, every interval: Duration?) {
        last += 1
        entries[ObjectIdentifier(timer)] = Entry(timer: timer, due: now + max(delay, .zero), number: last, interval: interval)
    }

    func remove(_ timer: LoopTimer) { entries[ObjectIdentifier(timer)] = nil }

    /// Lets time pass; the timers that are due fire in their order.
    func turn(by time: Duration) {
        let end = now + time
        while let next = entries.values.min(by: { ($0.due, $0.number) < ($1.due, $1.number) }), next.due <= end {
            now = max(now, next.due)
            if let interval = next.interval { entries[ObjectIdentifier(next.timer)]?.due = now + interval }
            next.timer.fire()
        }
        now = end
    }
}

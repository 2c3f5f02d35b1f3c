public import EventLoop
public import Events

/// Calls that began, were answered and failed of late: in the last minute, and in each of the last ``minutes``.
public struct CallRates: Sendable {
    public struct Counts: Sendable, Equatable {
        public var started = 0
        public var answered = 0
        /// Calls that ended for a reason that is no party's wish: not those that were busy, declined, cancelled or not answered.
        public var failed = 0

        public init(started: Int = 0, answered: Int = 0, failed: Int = 0) {
            self.started = started
            self.answered = answered
            self.failed = failed
        }

        fileprivate static func += (total: inout Counts, more: Counts) {
            total.started += more.started
            total.answered += more.answered
            total.failed += more.failed
        }
    }

    /// What was counted in a piece of time.
    private struct Slot {
        var number: Int
        var counts = Counts()
    }

    public static let minutes = 60

    private let began: ContinuousClock.Instant
    private var bySecond = [Slot](repeating: Slot(number: -1), count: 60)
    private var byMinute = [Slot](repeating: Slot(number: -1), count: CallRates.minutes)

    public init(now: ContinuousClock.Instant = .now) { began = now }

    /// Counts an event of a call.
    public mutating func note(_ event: CallEvent, now: ContinuousClock.Instant) {
        switch event {
        case .began: count(now) { $0.started += 1 }
        case .answered: count(now) { $0.answered += 1 }
        case .ended(let outcome) where CallRates.isFailure(outcome.status): count(now) { $0.failed += 1 }
        default: break
        }
    }

    /// RFC 3261 section 21: of the final responses, those that no party has wished for.
    private static func isFailure(_ status: Int) -> Bool {
        (400..<700).contains(status) && ![480, 486, 487, 600, 603].contains(status)
    }

    private mutating func count(_ now: ContinuousClock.Instant, _ change: (inout Counts) -> Void) {
        let second = second(now)
        CallRates.count(second, in: &bySecond, change)
        CallRates.count(second / 60, in: &byMinute, change)
    }

    private static func count(_ number: Int, in slots: inout [Slot], _ change: (inout Counts) -> Void) {
        let place = number % slots.count
        if slots[place].number != number { slots[place] = Slot(number: number) }
        change(&slots[place].counts)
    }

    /// The last 60 seconds.
    public func lastMinute(now: ContinuousClock.Instant) -> Counts {
        let last = second(now)
        return bySecond.reduce(into: Counts()) { total, slot in
            if slot.number >= 0, (last - 59...last).contains(slot.number) { total += slot.counts }
        }
    }

    /// Each of the last minutes, the oldest first; the last one is not over.
    public func history(now: ContinuousClock.Instant) -> [Counts] {
        let last = second(now) / 60
        return (last - CallRates.minutes + 1...last).map { number in
            guard number >= 0, case let slot = byMinute[number % CallRates.minutes], slot.number == number else { return Counts() }
            return slot.counts
        }
    }

    private func second(_ now: ContinuousClock.Instant) -> Int { Int(max(0, began.duration(to: now).components.seconds)) }
}

/// Counts the calls of the gateway, as the stream of events tells of them.
@LoopActor
public final class CallCounter {
    public private(set) var rates = CallRates()
    private var listening: EventListening?

    public init(stream: EventStream = .shared) {
        listening = stream.listen(to: .call) { [weak self] event in
            guard case .call(let change) = event.content else { return }
            self?.rates.note(change, now: .now)
        }
    }
}

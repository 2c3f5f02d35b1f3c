internal import CoreMetrics
internal import Synchronization

/// A counter, whole or fractional.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler {
    private let state = Mutex(0.0)

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        state.withLock { $0 += amount }
    }

    func set(_ value: Double) { state.withLock { $0 = value } }

    func reset() { state.withLock { $0 = 0 } }

    var value: Double { state.withLock { $0 } }
}

/// A value of the moment.
final class GaugeSeries: RecorderHandler, MeterHandler {
    private let state = Mutex(0.0)

    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0 = value } }
    func increment(by amount: Double) { state.withLock { $0 += amount } }
    func decrement(by amount: Double) { state.withLock { $0 -= amount } }

    var value: Double { state.withLock { $0 } }
}

/// Observations by upper bounds. As a timer it counts seconds.
final class HistogramSeries: RecorderHandler, TimerHandler {
    struct State {
        /// Of each bound: the observations that are at most it, and above the bound before. The last is "infinite".
        var counts: [UInt64]
        var sum = 0.0
    }

    let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: [UInt64](repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] &+= 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

    var snapshot: State { state.withLock { $0 } }
}

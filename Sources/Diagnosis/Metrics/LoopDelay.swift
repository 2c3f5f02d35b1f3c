internal import CoreMetrics
public import EventLoop

/// Measures how late the event loop is: a timer ten times a second, and what passes beyond its time.
@LoopActor
public final class LoopDelay {
    private static let interval = Duration.milliseconds(100)

    /// Hears of each measurement.
    public var onDelay: (@LoopActor (Duration) -> Void)?
    private var timer: LoopTimer?
    private var due = ContinuousClock.now
    private let delays = Recorder(label: "tern_event_loop_delay_seconds", dimensions: [], aggregate: true)

    public init() {}

    public func start() {
        stop()
        wait()
    }

    public func stop() {
        timer?.cancel()
        timer = nil
    }

    private func wait() {
        due = .now + LoopDelay.interval
        timer = LoopTimer.schedule(after: LoopDelay.interval) { [weak self] in
            guard let self else { return }
            let delay = max(.zero, due.duration(to: .now)), late = delay.components
            onDelay?(delay)
            delays.record(max(0, Double(late.seconds) + Double(late.attoseconds) * 1e-18))
            wait()
        }
    }
}

internal import CUV

/// A timer on the loop: runs its body once, or repeatedly, until it is cancelled.
///
/// Dropping the last reference does not cancel it; ``cancel()`` does, and is harmless when repeated.
@LoopActor
public final class LoopTimer {
    private var handle: UnsafeMutablePointer<uv_timer_t>?
    private var body: (@LoopActor () -> Void)?
    private let isRepeating: Bool
    /// Runs the timers of tests that turn the clock by hand; nil while they run on the loop.
    static var clock: (any TimerClock)?
    /// Timers of the loop that are set: they run out, or are cancelled.
    public private(set) static var count = 0
    /// The clock that has this timer, until it is cancelled.
    private var clock: (any TimerClock)?

    /// - Parameters:
    ///   - delay: Time until the first run, kept to the millisecond; a negative one counts as none.
    ///   - interval: Time between later runs; without one it runs once.
    public static func schedule(
        after delay: Duration, every interval: Duration? = nil, _ body: @escaping @LoopActor () -> Void
    ) -> LoopTimer {
        LoopTimer(delay: delay, interval: interval, body: body)
    }

    /// Returns after `delay`, whether or not the task is cancelled.
    public static func sleep(for delay: Duration) async {
        await withCheckedContinuation { done in _ = schedule(after: delay) { done.resume() } }
    }

    private init(delay: Duration, interval: Duration?, body: @escaping @LoopActor () -> Void) {
        self.body = body
        isRepeating = interval != nil
        if let clock = LoopTimer.clock {
            self.clock = clock
            clock.insert(self, after: delay, every: interval)
            return
        }
        let loop = EventLoop.shared.uvLoopPointer
        let handle = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
        uv_timer_init(loop, handle)
        self.handle = handle
        LoopTimer.count += 1
        handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
        uv_update_time(loop)
        // libuv's clock has whole milliseconds, rounded down: without one more a timer could fire before its time.
        let first = delay.milliseconds == 0 ? 0 : delay.milliseconds + 1
        uv_timer_start(handle, LoopTimer.callback, first, interval.map { max(1, $0.milliseconds) } ?? 0)
    }

    nonisolated private static let callback: @convention(c) (UnsafeMutablePointer<uv_timer_t>?) -> Void = { handle in
        guard let data = handle?.pointee.data else { return }
        let timer = Unmanaged<LoopTimer>.fromOpaque(data).takeUnretainedValue()
        LoopActor.assumeIsolated { timer.fire() }
    }

    /// Whether a handle of the loop is a timer of this type: libraries have timers of their own in it.
    nonisolated static func owns(_ handle: UnsafeMutablePointer<uv_handle_t>) -> Bool {
        guard handle.pointee.type == UV_TIMER else { return false }
        return handle.withMemoryRebound(to: uv_timer_t.self, capacity: 1) { timer in
            unsafeBitCast(timer.pointee.timer_cb, to: UnsafeRawPointer?.self) == unsafeBitCast(callback, to: UnsafeRawPointer?.self)
        }
    }

    /// Runs the body, as its time has come.
    func fire() {
        let body = body
        if !isRepeating { cancel() }
        body?()
    }

    /// After this the body does not run again.
    public func cancel() {
        body = nil
        clock?.remove(self)
        clock = nil
        guard let handle else { return }
        forget()
        handle.withMemoryRebound(to: uv_handle_t.self, capacity: 1) { LoopTimer.abandon($0) }
    }

    /// Closes the timer behind `handle`, which this type ``owns(_:)``, and releases its object.
    nonisolated static func abandon(_ handle: UnsafeMutablePointer<uv_handle_t>) {
        uv_close(handle) { handle in
            guard let handle else { return }
            if let data = handle.pointee.data {
                let timer = Unmanaged<LoopTimer>.fromOpaque(data)
                LoopActor.assumeIsolated { timer.takeUnretainedValue().forget() }
                timer.release()
            }
            handle.withMemoryRebound(to: uv_timer_t.self, capacity: 1) { $0.deallocate() }
        }
    }

    private func forget() {
        if handle != nil { LoopTimer.count -= 1 }
        handle = nil
        body = nil
    }
}

/// Has timers in the place of the loop.
@LoopActor
protocol TimerClock: AnyObject {
    /// The timer is to ``LoopTimer/fire()`` after `delay`, and then every `interval` if there is one, until it is removed.
    func insert(_ timer: LoopTimer, after delay: Duration, every interval: Duration?)
    func remove(_ timer: LoopTimer)
}

extension Duration {
    /// Whole milliseconds, rounded up, never negative.
    var milliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) * 1_000 + UInt64((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}

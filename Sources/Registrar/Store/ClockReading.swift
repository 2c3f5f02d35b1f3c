internal import Glibc

/// Both clocks at one moment. Bindings end by the monotonic one, so that a step of the wall clock ends none; a file that
/// outlives the process has the wall clock's time.
struct ClockReading: Sendable {
    var monotonic: ContinuousClock.Instant
    /// Seconds since 1970.
    var wall: Int64

    static var current: ClockReading {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return ClockReading(monotonic: .now, wall: Int64(time.tv_sec))
    }
}

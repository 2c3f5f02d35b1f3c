internal import Glibc

/// The two clocks of the engine.
enum Clock {
    /// Microseconds since some moment; never jumps.
    @inline(__always)
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
    }

    /// Reads the realtime clock, in microseconds, and the monotonic one at the same moment: the calling thread may be interrupted between the two.
    static func both() -> (realtime: Int64, monotonic: Int64) {
        var result: (realtime: Int64, monotonic: Int64) = (0, 0)
        for _ in 0..<4 {
            let before = now()
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            result = (Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000, before)
            if now() &- before < 50 { break }
        }
        return result
    }

    /// NTP time (RFC 3550 section 4): seconds since 1900 in the upper half, the fraction in the lower.
    ///
    /// It goes on evenly from the engine's start: a system clock that is set meanwhile would have receivers move a stream's audio against its video, and
    /// round trips of the reports that are under way would be wrong.
    static func ntp() -> UInt64 {
        let time = UInt64(truncatingIfNeeded: now() &+ offset)
        let (seconds, microseconds) = (time / 1_000_000 &+ 2_208_988_800, time % 1_000_000)
        return seconds << 32 | (microseconds << 32) / 1_000_000
    }

    /// From the monotonic clock to the realtime one, when the engine was loaded, in microseconds.
    private static let offset: Int64 = {
        let (realtime, monotonic) = both()
        return realtime &- monotonic
    }()
}

/// A mutex at an address of its own, which is never given back.
struct Lock: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    @inline(__always) func lock() { pthread_mutex_lock(mutex) }
    @inline(__always) func unlock() { pthread_mutex_unlock(mutex) }

    @inline(__always)
    func locked<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body()
    }

    /// Waits for a signal of the condition, with the lock released meanwhile.
    func wait(for condition: UnsafeMutablePointer<pthread_cond_t>) { pthread_cond_wait(condition, mutex) }
}

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

    /// NTP time (RFC 3550 section 4): seconds since 1900 in the upper half, the fraction in the lower.
    static func ntp() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let seconds = UInt64(truncatingIfNeeded: time.tv_sec &+ 2_208_988_800)
        return seconds << 32 | (UInt64(truncatingIfNeeded: time.tv_nsec) << 32) / 1_000_000_000
    }
}

internal import CSofiaSIP
internal import Glibc

/// Gives Sofia the monotonic clock, on a grid of one millisecond.
///
/// Sofia's own clock is wall-clock microseconds while its timers are milliseconds: it spins for up to a millisecond before
/// each timer, and a step of the wall clock moves every SIP timer. Both end with this clock.
enum SofiaClock {
    static func install() {
        tern_su_set_clock { time in
            guard let time else { return }
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            time.pointee.tv_sec = UInt(now.tv_sec)
            time.pointee.tv_usec = UInt(now.tv_nsec / 1_000_000 * 1_000)
        }
    }
}

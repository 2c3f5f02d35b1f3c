internal import Glibc

/// A moment of the wall clock, to the millisecond.
struct LogTime: Sendable, Equatable {
    /// Since 1970, UTC.
    let milliseconds: Int

    static func now() -> LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(milliseconds: time.tv_sec * 1_000 + time.tv_nsec / 1_000_000)
    }

    /// RFC 3339, UTC: `2026-11-22T12:54:24.123Z`.
    var text: String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = [
            LogTime.digits(parts.tm_year + 1_900, 4), LogTime.digits(parts.tm_mon + 1, 2), LogTime.digits(parts.tm_mday, 2),
        ]
        let time = [LogTime.digits(parts.tm_hour, 2), LogTime.digits(parts.tm_min, 2), LogTime.digits(parts.tm_sec, 2)]
        let fraction = LogTime.digits(Int32(milliseconds % 1_000), 3)
        return "\(date.joined(separator: "-"))T\(time.joined(separator: ":")).\(fraction)Z"
    }

    private static func digits(_ number: Int32, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}

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
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        func add(_ number: Int, _ digits: Int, _ behind: Unicode.Scalar) {
            let end = bytes.count + digits
            bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
            var (rest, place) = (max(0, number), end - 1)
            while rest > 0, place >= end - digits {
                bytes[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                (rest, place) = (rest / 10, place - 1)
            }
            bytes.append(UInt8(ascii: behind))
        }
        add(Int(parts.tm_year) + 1_900, 4, "-")
        add(Int(parts.tm_mon) + 1, 2, "-")
        add(Int(parts.tm_mday), 2, "T")
        add(Int(parts.tm_hour), 2, ":")
        add(Int(parts.tm_min), 2, ":")
        add(Int(parts.tm_sec), 2, ".")
        add(milliseconds % 1_000, 3, "Z")
        return String(decoding: bytes, as: UTF8.self)
    }
}

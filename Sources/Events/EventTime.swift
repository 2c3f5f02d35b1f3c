internal import Glibc

/// When something happened, on the wall clock.
public struct EventTime: Sendable, Hashable, Comparable {
    /// Since 1970, UTC.
    public let microseconds: Int

    public init(microseconds: Int) { self.microseconds = microseconds }

    public static var now: EventTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return EventTime(microseconds: time.tv_sec * 1_000_000 + time.tv_nsec / 1_000)
    }

    public static func < (one: EventTime, other: EventTime) -> Bool { one.microseconds < other.microseconds }
}

/// A binding with times that mean something to another process.
struct StoredBinding: Sendable, Equatable {
    /// Its times are those of the process that it belongs to now.
    var binding: Binding
    /// Seconds since 1970.
    var expires: Int64
    var updated: Int64

    init(_ binding: Binding, clock: ClockReading) {
        self.binding = binding
        expires = clock.wall + Int64(binding.remainingSeconds(at: clock.monotonic))
        updated = clock.wall - max(0, (clock.monotonic - binding.updated).components.seconds)
    }

    /// What was read from a file. Nil when it has ended.
    ///
    /// - Parameter longest: No binding lasts longer than this, in seconds, whatever the wall clock was when it was stored.
    init?(_ binding: Binding, expires: Int64, updated: Int64, clock: ClockReading, longest: Int) {
        let (remaining, overflow) = expires.subtractingReportingOverflow(clock.wall)
        guard !overflow, remaining > 0 else { return nil }
        let (age, tooOld) = clock.wall.subtractingReportingOverflow(updated)
        self.binding = binding
        self.binding.expires = clock.monotonic + .seconds(min(remaining, Int64(longest)))
        self.binding.updated = clock.monotonic - .seconds(tooOld ? 0 : min(max(0, age), Int64(UInt32.max)))
        self.expires = expires
        self.updated = updated
    }
}

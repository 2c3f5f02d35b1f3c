internal import Glibc

/// Where bindings are kept beyond the life of the process. All of it blocks, and is called off the loop, one call after
/// another.
public protocol BindingStore: AnyObject, Sendable {
    /// What a former process has stored and has not ended. After an error it is asked again, before anything is written.
    func load() throws(RegistrarError) -> [Binding]
    /// Stores a batch wholly, or not at all. After an error the next batch is ``StoreBatch/everything(_:)``.
    func write(_ batch: StoreBatch) throws(RegistrarError)
    func close()
}

/// What is to be stored at once.
public enum StoreBatch: Sendable {
    /// These are new or other than before; those with these numbers are gone.
    case changes([Binding], gone: [Int64])
    /// There are the registrar's, and no others. It is copied in no time, and counted out where that keeps nobody waiting.
    case everything(Registrar)
}

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

/// Why registrations cannot be stored.
public enum RegistrarError: Error, Equatable, CustomStringConvertible {
    /// The directory that the database is to be in is not there.
    case noDirectory(String)
    /// The database cannot be opened, read or written now; it may be later.
    case unavailable(String)
    /// The database was no database, or a damaged one; it has been given this name, and is begun anew.
    case damaged(movedTo: String)

    public var description: String {
        switch self {
        case .noDirectory(let path): "registrar.database: there is no directory \(path)"
        case .unavailable(let text): text
        case .damaged(let path): "the database was damaged, and is now \(path)"
        }
    }
}

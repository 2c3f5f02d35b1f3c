public import Configuration
internal import CoreMetrics
public import Events
public import Logging
internal import Synchronization

/// Where log lines go, with the level and the form that all loggers share; both may be changed while they are in use.
///
/// A reader that does not read, and a disk that does not answer, cost lines: when ``LineWriter`` has no more room for them they are dropped, and their number is
/// told. The gateway itself never waits for its log.
public final class LogOutput: Sendable {
    /// The process's standard error.
    public static let standardError = LogOutput(descriptor: 2, isShown: true)

    private let writer: LineWriter
    private let levelIndex: Atomic<Int>
    private let form: Form
    /// Whether its lines are events of the gateway as well.
    private let isShown: Bool
    private let stream: EventStream
    /// Whether there may be a filter: spares loggers the lock.
    private let isFiltering = Atomic(false)
    private let filtered = Mutex<LogFilter?>(nil)

    /// - Parameters:
    ///   - descriptor: An open file descriptor, which stays the caller's.
    ///   - isShown: Whether its lines are events of the gateway as well.
    ///   - stream: Of these events.
    public convenience init(
        descriptor: Int32, level: Logger.Level = .info, format: GatewayConfiguration.Log.Format = .text, isShown: Bool = false, stream: EventStream = .shared
    ) {
        self.init(descriptor: descriptor, capacity: LineWriter.capacity, level: level, format: format, isShown: isShown, stream: stream)
    }

    /// - Parameter capacity: Bytes of lines that wait for whoever reads them.
    init(
        descriptor: Int32, capacity: Int, level: Logger.Level = .info, format: GatewayConfiguration.Log.Format = .text, isShown: Bool = false,
        stream: EventStream = .shared
    ) {
        let form = Form(isJSON: format == .json)
        self.form = form
        writer = LineWriter(descriptor: descriptor, capacity: capacity) { dropped in
            form.text(of: LogEntry(
                time: .now(), level: .warning, label: "tern.log", message: "log lines were dropped", metadata: [("count", .string(String(dropped)))]))
        } onDrop: {
            Counter(label: "tern_log_lines_dropped_total").increment()
        }
        self.stream = stream
        self.isShown = isShown
        levelIndex = Atomic(LogOutput.index(of: level))
    }

    /// Waits until all lines are written, or `limit` has passed.
    ///
    /// - Returns: Whether they are.
    @discardableResult
    public func flush(within limit: Duration) -> Bool { writer.flush(within: limit) }

    /// The least level that is written.
    public var level: Logger.Level {
        get {
            let index = levelIndex.load(ordering: .relaxed)
            return Logger.Level.allCases.indices.contains(index) ? Logger.Level.allCases[index] : .info
        }
        set { levelIndex.store(LogOutput.index(of: newValue), ordering: .relaxed) }
    }

    /// What is shown beyond the level; nil where nothing is.
    public var filter: LogFilter? {
        guard isFiltering.load(ordering: .relaxed) else { return nil }
        return filtered.withLock { $0 }.flatMap { $0.until > .now ? $0 : nil }
    }

    /// Shows every line of `subject` from level debug on, for a time, in place of what was shown so before; nil shows nothing more.
    public func show(_ subject: LogFilter.Subject?, for time: Duration = .zero) {
        filtered.withLock { $0 = subject.map { LogFilter($0, until: .now + time) } }
        isFiltering.store(subject != nil, ordering: .relaxed)
    }

    /// The least level for which a line is worth making.
    var leastLevel: Logger.Level {
        isFiltering.load(ordering: .relaxed) ? min(level, LogFilter.level) : level
    }

    /// Whether a line below the level is to be shown.
    func admits(_ fields: [LogEntry.Field]) -> Bool {
        guard isFiltering.load(ordering: .relaxed) else { return false }
        let (isAdmitted, ended): (Bool, LogFilter.Subject?) = filtered.withLock { filter in
            guard let until = filter?.until else { return (false, nil) }
            guard until > .now else {
                defer { filter = nil }
                return (false, filter?.subject)
            }
            return (filter?.admits(fields) ?? false, nil)
        }
        if let ended {
            isFiltering.store(false, ordering: .relaxed)
            write(LogEntry(
                time: .now(), level: .notice, label: "tern.log", message: "the log's filter has ended", metadata: [("subject", .string(ended.description))]))
        }
        return isAdmitted
    }

    public var format: GatewayConfiguration.Log.Format {
        get { form.isJSON.load(ordering: .relaxed) ? .json : .text }
        set { form.isJSON.store(newValue == .json, ordering: .relaxed) }
    }

    func write(_ entry: LogEntry) {
        let line = form.text(of: entry)
        if isShown, entry.isEvent { stream.tell(entry.line(line), about: entry.subject) }
        // Who has more shown than usual looks for a fault, and wants all of it that came before a crash.
        writer.write(line, isUrgent: entry.level >= .warning || level < .info)
    }

    private static func index(of level: Logger.Level) -> Int {
        Logger.Level.allCases.firstIndex(of: level) ?? 0
    }

    /// How lines look.
    private final class Form: Sendable {
        let isJSON: Atomic<Bool>

        init(isJSON: Bool) { self.isJSON = Atomic(isJSON) }

        func text(of entry: LogEntry) -> String { isJSON.load(ordering: .relaxed) ? entry.json : entry.text }
    }
}

/// Recent failures by name, of a bounded number of names.
///
/// When it is full, the names with the fewest failures go, and of these the ones that failed longest ago: to be forgotten,
/// somebody would have to fail under as many other names as there is room for, each as often.
struct FailureTable: Sendable {
    private struct Entry {
        /// The latest, oldest first; no more than are ever asked for.
        var failures: [ContinuousClock.Instant] = []
        var shutOutUntil: ContinuousClock.Instant?
    }

    /// Failures that are kept of one name.
    private static let kept = 64

    private let limit: Int
    private let window: Duration
    private var entries: [String: Entry] = [:]

    init(limit: Int, window: Duration) {
        self.limit = max(1, limit)
        self.window = window
    }

    var count: Int { entries.count }

    func failures(of name: String, now: ContinuousClock.Instant) -> Int {
        entries[name].map { recent($0, now: now).count } ?? 0
    }

    func shutOut(_ name: String, now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        entries[name]?.shutOutUntil.flatMap { now < $0 ? $0 : nil }
    }

    /// - Returns: The failures that count.
    mutating func add(_ name: String, now: ContinuousClock.Instant) -> Int {
        if entries[name] == nil { makeRoom(now: now) }
        var entry = entries[name] ?? Entry()
        entry.failures = Array(recent(entry, now: now).suffix(Self.kept - 1)) + [now]
        entries[name] = entry
        return entry.failures.count
    }

    /// What led to it is forgotten: whoever comes back starts anew.
    mutating func shutOut(_ name: String, until end: ContinuousClock.Instant) {
        entries[name] = Entry(failures: [], shutOutUntil: end)
    }

    private func recent(_ entry: Entry, now: ContinuousClock.Instant) -> ArraySlice<ContinuousClock.Instant> {
        entry.failures.drop { now - $0 >= window }
    }

    /// Lets go of what has no meaning any more, and where that is not enough, of the most harmless eighth.
    private mutating func makeRoom(now: ContinuousClock.Instant) {
        guard entries.count >= limit else { return }
        let (limit, window) = (limit, window)
        entries = entries.filter { _, entry in
            entry.shutOutUntil.map { now < $0 } ?? (entry.failures.last.map { now - $0 < window } ?? false)
        }
        guard entries.count >= limit else { return }
        let ranked = entries.map { name, entry in
            (name: name, weight: entry.shutOutUntil == nil ? entry.failures.count : .max, last: entry.failures.last ?? now)
        }.sorted { ($0.weight, $0.last) < ($1.weight, $1.last) }
        for victim in ranked.prefix(max(1, limit / 8)) { entries[victim.name] = nil }
    }
}

/// Recent failures by name, of a bounded number of names.
///
/// When it is full, the names with the fewest failures go, and of these the ones that failed longest ago: to be forgotten,
/// somebody would have to fail under as many other names as there is room for, each as often.
struct FailureTable<Name: Hashable & Sendable>: Sendable {
    private struct Entry {
        /// The latest, oldest first, each with a hash of who was tried; no more than are ever asked for.
        var failures: [(time: ContinuousClock.Instant, tried: Int)] = []
        var ban: FailureLimiter.Ban?
    }

    /// Failures that are kept of one name.
    private static var kept: Int { 64 }

    private let limit: Int
    private let window: Duration
    private var entries: [Name: Entry] = [:]

    init(limit: Int, window: Duration) {
        self.limit = max(1, limit)
        self.window = window
    }

    var count: Int { entries.count }

    func failures(of name: Name, now: ContinuousClock.Instant) -> Int {
        entries[name].map { recent($0, now: now).count } ?? 0
    }

    func ban(_ name: Name, now: ContinuousClock.Instant) -> FailureLimiter.Ban? {
        entries[name]?.ban.flatMap { now < $0.until ? $0 : nil }
    }

    func bans(now: ContinuousClock.Instant) -> [FailureLimiter.Ban] {
        entries.values.compactMap { $0.ban.flatMap { now < $0.until ? $0 : nil } }
    }

    /// - Parameter tried: Whose password it was.
    /// - Returns: The failures that count, and how many names were tried in them.
    mutating func add(_ name: Name, of tried: String = "", now: ContinuousClock.Instant) -> (failures: Int, tried: Int) {
        if entries[name] == nil { makeRoom(now: now) }
        var entry = entries[name] ?? Entry()
        entry.failures = Array(recent(entry, now: now).suffix(Self.kept - 1)) + [(now, tried.hashValue)]
        entries[name] = entry
        return (entry.failures.count, Set(entry.failures.map(\.tried)).count)
    }

    /// Bans it, or, with nil, lifts its ban. What led to it is forgotten: whoever comes back starts anew.
    mutating func ban(_ name: Name, _ ban: FailureLimiter.Ban?) {
        entries[name] = ban.map { Entry(failures: [], ban: $0) }
    }

    private func recent(_ entry: Entry, now: ContinuousClock.Instant) -> ArraySlice<(time: ContinuousClock.Instant, tried: Int)> {
        entry.failures.drop { now - $0.time >= window }
    }

    /// Lets go of what has no meaning any more, and where that is not enough, of the most harmless eighth.
    private mutating func makeRoom(now: ContinuousClock.Instant) {
        guard entries.count >= limit else { return }
        let (limit, window) = (limit, window)
        entries = entries.filter { _, entry in
            entry.ban.map { now < $0.until } ?? (entry.failures.last.map { now - $0.time < window } ?? false)
        }
        guard entries.count >= limit else { return }
        let ranked = entries.map { name, entry in
            (name: name, weight: entry.ban == nil ? entry.failures.count : .max, last: entry.failures.last?.time ?? now)
        }.sorted { ($0.weight, $0.last) < ($1.weight, $1.last) }
        for victim in ranked.prefix(max(1, limit / 8)) { entries[victim.name] = nil }
    }
}

/// Who has proven a password where, and when last; a bounded number of them, the oldest of which go first.
struct ProofTable: Sendable {
    private var times: [Login: ContinuousClock.Instant] = [:]

    var count: Int { times.count }

    func has(_ login: Login, since: ContinuousClock.Instant) -> Bool { times[login].map { $0 > since } ?? false }

    mutating func add(_ login: Login, now: ContinuousClock.Instant, limit: Int, keep: Duration) {
        if times[login] == nil, times.count >= limit {
            times = times.filter { now - $0.value < keep }
            let excess = times.count - limit + 1 + limit / 8
            if times.count >= limit { for (login, _) in times.sorted(by: { $0.value < $1.value }).prefix(excess) { times[login] = nil } }
        }
        times[login] = now
    }
}

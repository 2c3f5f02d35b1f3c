internal import Events

/// A record that waits: one in memory, however often it is handed on.
final class KeptRecord: Sendable {
    let record: CallRecord
    var id: String { record.id }

    init(_ record: CallRecord) { self.record = record }
}

/// The records that wait to be written. Pure.
struct RecordBacklog {
    /// Calls whose records may wait.
    static let most = 10_000
    /// Calls that are written at once.
    static let batch = 500
    static let longestWait = Duration.seconds(60)

    private let most: Int
    /// By the call's id; a later record of a call takes the place of the one before.
    private var waiting: [String: KeptRecord] = [:]
    /// Of calls that run, by the call's id: they are written when it is time, or no longer once the call has ended.
    private var running: [String: KeptRecord] = [:]
    /// Their ids in the order in which they came; some of the calls may have ended.
    private var runningOrder: [String] = []
    /// Ids in the order in which they came, from ``first`` on; some of them may wait no longer.
    private var order: [String] = []
    private var first = 0
    /// The batch that is being written.
    private var writing: [KeptRecord] = []
    /// How long to wait after the next failure.
    private var wait = Duration.seconds(1)
    private(set) var hasFailed = false

    init(most: Int = RecordBacklog.most) { self.most = most }

    var isWriting: Bool { !writing.isEmpty }
    /// How many there are, those that are being written and those of calls that run included.
    var count: Int { running.count + overdue }
    /// How many wait to be written, those that are being written included.
    var overdue: Int { waiting.count + writing.count }
    /// Whether any may be written now.
    var isDue: Bool { !waiting.isEmpty }

    /// That of a call that runs waits until ``releaseRunning()``.
    ///
    /// - Returns: How many had to make room: the oldest.
    mutating func add(_ kept: KeptRecord) -> Int {
        guard kept.record.end == nil, waiting[kept.id] == nil else {
            running[kept.id] = nil
            return push(kept)
        }
        if running.updateValue(kept, forKey: kept.id) == nil { runningOrder.append(kept.id) }
        return running.count + waiting.count > most ? releaseRunning() : 0
    }

    private mutating func push(_ kept: KeptRecord) -> Int {
        if waiting.updateValue(kept, forKey: kept.id) == nil { order.append(kept.id) }
        return makeRoom()
    }

    /// Those of calls that run may be written now as well.
    ///
    /// - Returns: How many had to make room.
    mutating func releaseRunning() -> Int {
        let (records, ids) = (running, runningOrder)
        (running, runningOrder) = ([:], [])
        var lost = 0
        for id in ids { lost += records[id].map { push($0) } ?? 0 }
        return lost
    }

    private mutating func makeRoom() -> Int {
        var lost = 0
        while waiting.count > most, let id = next() { lost += waiting.removeValue(forKey: id) == nil ? 0 : 1 }
        return lost
    }

    private mutating func next() -> String? {
        guard first < order.count else { return nil }
        defer {
            first += 1
            if first > 1_000, first * 2 > order.count {
                order.removeFirst(first)
                first = 0
            }
        }
        return order[first]
    }

    /// What to write now; nothing when a batch is being written.
    mutating func take() -> [KeptRecord] {
        guard writing.isEmpty else { return [] }
        while writing.count < RecordBacklog.batch, let id = next() {
            if let record = waiting.removeValue(forKey: id) { writing.append(record) }
        }
        return writing
    }

    /// - Returns: Whether writes had failed before.
    mutating func succeeded() -> Bool {
        writing = []
        wait = .seconds(1)
        defer { hasFailed = false }
        return hasFailed
    }

    /// The batch waits again, before all others.
    ///
    /// - Returns: When to try again, whether writes had worked before, and how many records had to make room.
    mutating func failed() -> (wait: Duration, isFirst: Bool, lost: Int) {
        // A newer record of the same call has its place.
        let again = writing.filter { waiting[$0.id] == nil && running[$0.id] == nil }
        for record in again { waiting[record.id] = record }
        order.replaceSubrange(..<first, with: again.map(\.id))
        first = 0
        writing = []
        defer {
            hasFailed = true
            wait = min(wait * 2, RecordBacklog.longestWait)
        }
        return (wait, !hasFailed, makeRoom())
    }
}

internal import CoreMetrics
public import EventLoop
public import Events
public import JSON
public import Logging

/// Keeps the record of each call: listens to what is told of calls, and hands it to a database, a file and a URL, whichever there are.
///
/// Calls never wait for it, and do not notice when records cannot be written.
@LoopActor
public final class RecordService {
    /// How often old records are deleted.
    private static let pruneInterval = Duration.seconds(600)
    /// A call of another gateway of which nothing was told for so long, in milliseconds, has ended with that gateway.
    private static let longestSilence = 600_000
    /// Records of refused calls in a second; a flood of them is counted, and not kept.
    private static let mostRefused = 50

    private let settings: RecordSettings
    private let log: Logger
    private let store: (any RecordStore)?
    private let database: RecordWriter?
    private let writers: [RecordWriter]
    let testCalls: TestCallKeeper?
    var gateway: String { settings.gateway }
    private let started = EventTime.now.milliseconds
    private var listening: EventListening?
    private var pruning: LoopTimer?
    private var marking: LoopTimer?
    /// The calls that have begun and not ended.
    private var open: Set<String> = []
    private var whenClosed: CheckedContinuation<Void, Never>?
    private var refused = (second: 0, count: 0)

    public init(_ settings: RecordSettings, log: Logger) {
        self.settings = settings
        self.log = log
        let store = settings.makeStore()
        self.store = store
        let database = store.map { RecordWriter($0, log: log) }
        self.database = database
        testCalls = store.flatMap { store in database.map { TestCallKeeper(store, $0, log: log) } }
        writers = [database].compactMap { $0 } + settings.makeSinks().map { RecordWriter($0, log: log) }
    }

    /// Begins to record. Calls that were running when a former process was killed get their end.
    public func start() {
        guard !writers.isEmpty else { return }
        listening = EventStream.shared.listen(to: .call) { [weak self] event in
            if case .call(.recorded(let record)) = event.content { self?.take(record) }
        }
        mark(after: .zero, then: .seconds(1))
        prune()
        pruning = LoopTimer.schedule(after: RecordService.pruneInterval, every: RecordService.pruneInterval) { [weak self] in self?.prune() }
    }

    /// Writes what waits, for a few seconds at most. Call it when all calls have ended.
    public func stop() async {
        pruning?.cancel()
        marking?.cancel()
        if !open.isEmpty {
            let bound = LoopTimer.schedule(after: .seconds(2)) { [weak self] in self?.allClosed() }
            await withCheckedContinuation { whenClosed = $0 }
            bound.cancel()
        }
        listening = nil
        testCalls?.stop()
        let stops = writers.map { writer in LoopActor.task { await writer.stop() } }
        for stop in stops { await stop.value }
    }

    private func allClosed() {
        whenClosed?.resume()
        whenClosed = nil
    }

    /// How many records wait to be written, by store.
    public var waiting: [(store: String, count: Int)] { writers.map { ($0.sink.name, $0.waiting) } }

    private func take(_ record: CallRecord) {
        if record.end == nil {
            open.insert(record.id)
        } else if open.remove(record.id) == nil, record.legs.isEmpty {
            let second = record.times.began / 1_000
            refused = refused.second == second ? (second, refused.count + 1) : (second, 1)
            guard refused.count <= RecordService.mostRefused else {
                return Counter(label: "tern_records_lost_total", dimensions: [("store", "any")]).increment()
            }
        }
        add(record)
        if open.isEmpty { allClosed() }
    }

    private func add(_ record: CallRecord) {
        var record = record
        record.gateway = settings.gateway
        let kept = KeptRecord(record)
        for writer in writers { writer.add(kept) }
    }

    // MARK: Calls of a former process

    /// Ends what a former process could not, as soon as the database can be read.
    private func mark(after wait: Duration, then next: Duration) {
        guard let store, let database, settings.isKept else { return }
        let (gateway, began) = (settings.gateway, started)
        marking = LoopTimer.schedule(after: wait) { [weak self] in
            LoopActor.task {
                let silent = EventTime.now.milliseconds - RecordService.longestSilence
                let found = await database.onQueue { () throws(RecordError) in try store.open(of: gateway, began: began, silentSince: silent) }
                self?.mark(found, next)
            }
        }
    }

    private func mark(_ found: Result<[OpenCall], RecordError>, _ next: Duration) {
        switch found {
        case .success(let calls):
            // A clock that was set back must not end the calls of this process.
            let calls = calls.filter { !open.contains($0.record.id) }
            for call in calls { for writer in writers { writer.add(KeptRecord(call.record.lost(at: call.updated))) } }
            if !calls.isEmpty { log.warning("calls were running when the gateway ended", metadata: ["calls": "\(calls.count)"]) }
        case .failure: mark(after: next, then: min(next * 2, .seconds(60)))
        }
    }

    // MARK: Retention

    private func prune() {
        guard let store, let database else { return }
        let (bytes, keep) = (settings.maximumSize, settings.keep)
        LoopActor.task { [log] in
            var total = 0
            // Others write between two steps.
            for _ in 0..<1_000 {
                let before = keep.map { EventTime.now.milliseconds - Int($0 / .milliseconds(1)) }
                let result = await database.onQueue { () throws(RecordError) in try store.prune(before: before, bytes: bytes) }
                guard case .success(let deleted) = result, deleted > 0 else { break }
                total += deleted
            }
            if total > 0 { log.info("old calls were deleted", metadata: ["calls": "\(total)"]) }
        }
    }

    // MARK: What is asked

    /// The records of calls, the latest first: a JSON array.
    public func find(_ query: RecordQuery) async throws(RecordError) -> JSONValue {
        try await ask { store throws(RecordError) in try RecordText.array(store.find(query)) }
    }

    /// The record of a call by its id, the beginning of that, or a SIP Call-ID; nil where there is none.
    public func call(_ id: String) async throws(RecordError) -> JSONValue? {
        try await ask { store throws(RecordError) in try RecordText.record(store.record(id)) }
    }

    /// The latest calls that were recorded, and that a user made or took, of the last thousand of each; nil is everybody's.
    public func recorded(of user: String?, limit: Int) async throws(RecordError) -> [CallRecord] {
        try await ask { store throws(RecordError) in
            var query = RecordQuery()
            query.isRecorded = true
            // Not all calls to a user's name are the user's.
            query.limit = user == nil ? limit : RecordQuery.most
            var texts: [String] = []
            if let user {
                query.from = RecordQuery.Pattern(user)
                texts = try store.find(query)
                (query.from, query.to) = (nil, RecordQuery.Pattern(user))
            }
            texts += try store.find(query)
            var seen: Set<String> = []
            let records = texts.compactMap(CallRecord.init(json:)).filter { record in
                !record.recordings.isEmpty && (user.map(record.isOf) ?? true) && seen.insert(record.id).inserted
            }
            return Array(records.sorted { $0.times.began > $1.times.began }.prefix(limit))
        }
    }

    /// The record of the call with exactly this id.
    public func record(_ id: String) async throws(RecordError) -> CallRecord? {
        try await ask { store throws(RecordError) in
            try store.record(id).flatMap(CallRecord.init(json:)).flatMap { $0.id == id ? $0 : nil }
        }
    }

    private func ask<Value: Sendable>(_ body: @escaping @Sendable (any RecordStore) throws(RecordError) -> Value) async throws(RecordError) -> Value {
        guard let store, let database else { throw RecordError("records.database is none: no call can be looked up") }
        await database.flush(limit: .seconds(2))
        return try await database.onQueue { () throws(RecordError) in try body(store) }.get()
    }
}

extension CallRecord {
    /// The record of a call whose gateway is gone.
    ///
    /// - Parameter time: When it was seen last: milliseconds since 1970.
    func lost(at time: Int) -> CallRecord {
        var record = self
        record.times.ended = max(time, times.answered ?? times.began)
        record.end = End(
            status: 500, result: "lost", by: "gateway", reason: "The gateway was killed or crashed",
            why: "Tern was killed or crashed while the call was running; it was seen last at the time of its end here")
        for index in record.legs.indices where record.legs[index].ended == nil { record.legs[index].ended = record.times.ended }
        return record
    }
}

extension RecordService {
    /// Puts what waits into the metrics.
    public func note(in registry: MetricsRegistry) {
        for (store, count) in waiting {
            Meter(label: "tern_records_waiting", dimensions: [("store", store)], factory: registry).set(Double(count))
        }
    }
}

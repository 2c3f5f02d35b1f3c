internal import EventLoop
internal import Events
internal import Logging

/// Keeps the results of test calls in the database of records, so that they are known after a restart.
@LoopActor
final class TestCallKeeper {
    /// Results that may wait to be written; the oldest go for newer ones.
    static let mostWaiting = 1_000
    /// From a failure to the next attempt.
    private static let pause = Duration.seconds(60)

    private let store: any RecordStore
    private let database: RecordWriter
    private let log: Logger
    private var waiting: [StoredTestCall] = []
    private var isWriting = false
    private var hasFailed = false
    private var timer: LoopTimer?

    init(_ store: any RecordStore, _ database: RecordWriter, log: Logger) {
        (self.store, self.database, self.log) = (store, database, log)
    }

    func add(_ test: StoredTestCall) {
        waiting.append(test)
        if waiting.count > TestCallKeeper.mostWaiting { waiting.removeFirst() }
        if timer == nil { write() }
    }

    private func write() {
        guard !isWriting, !waiting.isEmpty else { return }
        isWriting = true
        let (batch, store) = (waiting, store)
        waiting = []
        LoopActor.task {
            let result = await self.database.onQueue { () throws(RecordError) in try store.keep(batch) }
            self.isWriting = false
            self.written(batch, result)
        }
    }

    private func written(_ batch: [StoredTestCall], _ result: Result<Void, RecordError>) {
        switch result {
        case .success:
            hasFailed = false
            write()
        case .failure(let error):
            waiting = Array((batch + waiting).suffix(TestCallKeeper.mostWaiting))
            if !hasFailed { log.error("results of test calls cannot be kept; they wait in memory", metadata: ["reason": "\(error)"]) }
            hasFailed = true
            timer = LoopTimer.schedule(after: TestCallKeeper.pause) { [weak self] in
                self?.timer = nil
                self?.write()
            }
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
        write()
    }

    /// The last results of each probe, the oldest first; nil while they cannot be read.
    func latest(of gateway: String, most: Int) async -> [StoredTestCall]? {
        let store = store
        return try? await database.onQueue { () throws(RecordError) in try store.testCalls(of: gateway, most: most) }.get()
    }
}

extension RecordService {
    /// Keeps the result of a test call.
    ///
    /// - Parameters:
    ///   - ended: Milliseconds since 1970.
    ///   - result: JSON.
    public func keep(probe: String, ended: Int, result: String) {
        testCalls?.add(StoredTestCall(gateway: gateway, probe: probe, ended: ended, result: result))
    }

    /// The last results of this gateway's probes, at most `most` of each, the oldest first; nil while they cannot be read.
    public func keptTestCalls(most: Int) async -> [StoredTestCall]? {
        guard let testCalls else { return [] }
        return await testCalls.latest(of: gateway, most: most)
    }
}

internal import CoreMetrics
internal import Dispatch
internal import EventLoop
internal import Events
internal import Logging

/// Writes records to one place, off the loop and in order, a batch at a time. What cannot be written waits, within bounds, and is tried again.
@LoopActor
final class RecordWriter {
    /// Records of calls that have ended are gathered for so long before they are written.
    private static let delay = Duration.seconds(1)
    /// The same of calls that run: many a call is over by then, and is written once.
    private static let runningDelay = Duration.seconds(5)

    let sink: any RecordSink
    private let log: Logger
    private let queue: DispatchQueue
    private var backlog = RecordBacklog()
    private var timer: LoopTimer?
    /// Until what there is of calls that run is written, too.
    private var runningTimer: LoopTimer?
    private var isStopped = false
    private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    private var lastWaiter = 0

    init(_ sink: any RecordSink, log: Logger) {
        self.sink = sink
        self.log = log
        queue = DispatchQueue(label: "tern.records.\(sink.name)")
    }

    /// How many records wait.
    var waiting: Int { backlog.overdue }

    func add(_ kept: KeptRecord) {
        guard !isStopped, kept.record.end != nil || sink.takesRunningCalls else { return }
        lose(backlog.add(kept))
        if backlog.isDue, timer == nil, !backlog.isWriting { retry(after: RecordWriter.delay) }
        guard kept.record.end == nil, runningTimer == nil else { return }
        runningTimer = LoopTimer.schedule(after: RecordWriter.runningDelay) { [weak self] in
            guard let self else { return }
            runningTimer = nil
            lose(backlog.releaseRunning())
            if backlog.isDue, timer == nil, !backlog.isWriting { write() }
        }
    }

    private func lose(_ count: Int) {
        guard count > 0 else { return }
        Counter(label: "tern_records_lost_total", dimensions: [("store", sink.name)]).increment(by: count)
    }

    private func retry(after wait: Duration) {
        timer?.cancel()
        timer = LoopTimer.schedule(after: wait) { [weak self] in
            self?.timer = nil
            self?.write()
        }
    }

    private func write() {
        let batch = backlog.take()
        guard !batch.isEmpty else { return }
        let sink = sink
        LoopActor.task {
            let result = await self.onQueue { () throws(RecordError) in try sink.write(batch.map(\.record)) }
            self.written(result, batch.count)
        }
    }

    private func written(_ result: Result<RecordRefusals, RecordError>, _ count: Int) {
        switch result {
        case .success(let refusals):
            Counter(label: "tern_records_written_total", dimensions: [("store", sink.name)]).increment(by: max(0, count - refusals.count))
            lose(refusals.count)
            if refusals.count > 0 {
                log.error("records of calls were refused, and are given up", metadata: [
                    "store": "\(sink.name)", "calls": "\(refusals.count)", "reason": "\(refusals.reason)",
                ])
            }
            if backlog.succeeded() { log.notice("calls are recorded again", metadata: ["store": "\(sink.name)", "waiting": "\(backlog.count)"]) }
            if backlog.isDue { write() } else { resume() }
        case .failure(let error):
            Counter(label: "tern_records_errors_total", dimensions: [("store", sink.name)]).increment()
            let (wait, isFirst, lost) = backlog.failed()
            lose(lost)
            if isFirst {
                log.error("calls cannot be recorded; what ends meanwhile waits in memory", metadata: [
                    "store": "\(sink.name)", "reason": "\(error)", "most": "\(RecordBacklog.most)",
                ])
            }
            resume()
            if !isStopped { retry(after: wait) }
        }
    }

    /// Writes what waits, and returns when it is written, cannot be, or `limit` is over.
    func flush(limit: Duration) async {
        guard backlog.count > 0 else { return }
        lastWaiter += 1
        let number = lastWaiter
        let bound = LoopTimer.schedule(after: limit) { [weak self] in self?.waiters.removeValue(forKey: number)?.resume() }
        await withCheckedContinuation { continuation in
            waiters[number] = continuation
            timer?.cancel()
            timer = nil
            lose(backlog.releaseRunning())
            write()
        }
        bound.cancel()
    }

    private func resume() {
        let waiting = waiters.values
        waiters = [:]
        for waiter in waiting { waiter.resume() }
    }

    /// Writes what waits, for a few seconds at most; then nothing is written any more.
    func stop() async {
        guard !isStopped else { return }
        await flush(limit: .seconds(5))
        isStopped = true
        timer?.cancel()
        timer = nil
        runningTimer?.cancel()
        runningTimer = nil
        if backlog.count > 0 {
            log.error("not all calls are recorded", metadata: ["store": "\(sink.name)", "calls": "\(backlog.count)"])
            lose(backlog.count)
        }
        let sink = sink
        // What does not answer must not keep the process from its end.
        guard !backlog.isWriting else { return queue.async { sink.close() } }
        _ = await onQueue { () throws(RecordError) in sink.close() }
    }

    /// Does something with the sink, after what is under way.
    func onQueue<Value: Sendable>(_ body: @escaping @Sendable () throws(RecordError) -> Value) async -> Result<Value, RecordError> {
        await withCheckedContinuation { continuation in
            queue.async {
                do throws(RecordError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
    }
}

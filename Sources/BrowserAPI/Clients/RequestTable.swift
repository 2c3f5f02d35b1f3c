internal import EventLoop
internal import JSON

/// Requests of ours to one client that are not answered yet, a bounded number of them.
@LoopActor
struct RequestTable {
    typealias Completion = @LoopActor (Result<JSONValue, APIError>) -> Void

    private struct Entry {
        var completion: Completion
        var timer: LoopTimer
        var isAcknowledged = false
    }

    private let limit: Int
    private let acknowledgedTime: Duration
    private var entries: [TransactionID: Entry] = [:]
    private var lastTID = 0

    init(limit: Int, acknowledgedTime: Duration) {
        self.limit = limit
        self.acknowledgedTime = acknowledgedTime
    }

    var isFull: Bool { entries.count >= limit }

    mutating func open(
        timeout: Duration, _ completion: @escaping Completion, timedOut: @escaping @LoopActor (TransactionID) -> Void
    ) -> TransactionID {
        lastTID += 1
        let tid = TransactionID.integer(lastTID)
        entries[tid] = Entry(completion: completion, timer: .schedule(after: timeout) { timedOut(tid) })
        return tid
    }

    /// The response will take longer. Only the first ack counts: a client cannot keep a request open for ever.
    mutating func acknowledge(_ tid: TransactionID, timedOut: @escaping @LoopActor (TransactionID) -> Void) {
        guard let entry = entries[tid], !entry.isAcknowledged else { return }
        entry.timer.cancel()
        entries[tid]?.isAcknowledged = true
        entries[tid]?.timer = .schedule(after: acknowledgedTime) { timedOut(tid) }
    }

    /// Takes the request out of the table, so that its completion runs once.
    mutating func close(_ tid: TransactionID) -> Completion? {
        guard let entry = entries.removeValue(forKey: tid) else { return nil }
        entry.timer.cancel()
        return entry.completion
    }

    mutating func closeAll() -> [Completion] {
        let all = entries.values
        entries = [:]
        for entry in all { entry.timer.cancel() }
        return all.map(\.completion)
    }
}

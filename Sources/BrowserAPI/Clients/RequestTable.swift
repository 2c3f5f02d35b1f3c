public import EventLoop
public import JSON
internal import Logging

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

/// The answer that one request still needs. It is given exactly once; a reply that is let go of without one answers with
/// an internal error.
@LoopActor
public final class BrowserReply {
    private let tid: TransactionID
    private let client: BrowserClient
    private var timer: LoopTimer?
    /// Whether the answer was given.
    public private(set) var isAnswered = false

    /// Of the command, for the metrics.
    private let command: String

    /// The call that the request names, or that it has started.
    private var call: String?

    init(_ tid: TransactionID, to client: BrowserClient, command: String, call: String?) {
        self.call = call
        self.tid = tid
        self.command = command
        self.client = client
    }

    /// Of its lines in the log.
    var metadata: Logger.Metadata {
        var fields = client.metadata
        fields["cmd"] = "\(command)"
        fields["call"] = call.map { "\($0)" }
        return fields
    }

    isolated deinit {
        guard !isAnswered else { return }
        log.error("a request was let go of without an answer", metadata: ["client": "\(client.id)"])
        fail(APIError(.internalError))
    }

    /// Answers `ok`. A second answer is not sent.
    /// - Parameter data: An object.
    public func ok(_ data: JSONValue = [:]) {
        call = call ?? data["call_id"]?.stringValue
        answer(OutgoingMessage.ok(tid, data), code: 0)
    }

    /// Answers with an error. A second answer is not sent.
    public func fail(_ error: APIError) { answer(OutgoingMessage.error(tid, error), code: error.code) }

    private func answer(_ text: String, code: Int) {
        guard !isAnswered else {
            log.error("a request was answered twice", metadata: ["client": "\(client.id)"])
            return
        }
        isAnswered = true
        RequestCounts.note(command, code: code)
        log.debug("a client's request is answered", metadata: metadata.merging(["code": "\(code)"]) { $1 })
        timer?.cancel()
        timer = nil
        // One that is no longer open was answered when the client logged out.
        guard client.openRequests.remove(tid) != nil else { return }
        client.send(text)
    }

    /// Sends an ack when there is no answer after `delay`.
    func acknowledge(after delay: Duration) {
        guard !isAnswered else { return }
        timer = .schedule(after: delay) { [weak self] in
            guard let self, !self.isAnswered else { return }
            self.timer = nil
            self.client.send(OutgoingMessage.ack(self.tid))
        }
    }
}

public import EventLoop
public import JSON
internal import Logging

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

    init(_ tid: TransactionID, to client: BrowserClient, command: String) {
        self.tid = tid
        self.command = command
        self.client = client
    }

    isolated deinit {
        guard !isAnswered else { return }
        client.log.error("a request was let go of without an answer", metadata: ["client": "\(client.id)"])
        fail(APIError(.internalError))
    }

    /// Answers `ok`. A second answer is not sent.
    /// - Parameter data: An object.
    public func ok(_ data: JSONValue = [:]) { answer(OutgoingMessage.ok(tid, data), code: 0) }

    /// Answers with an error. A second answer is not sent.
    public func fail(_ error: APIError) { answer(OutgoingMessage.error(tid, error), code: error.code) }

    private func answer(_ text: String, code: Int) {
        guard !isAnswered else {
            client.log.error("a request was answered twice", metadata: ["client": "\(client.id)"])
            return
        }
        isAnswered = true
        RequestCounts.note(command, code: code)
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

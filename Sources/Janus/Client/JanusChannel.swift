internal import EventLoop
internal import Events
internal import JSON
internal import WebSocket

/// One WebSocket connection to a Janus, and the requests on it that wait for an answer.
///
/// It is used once: after it closed, make another. Both of Janus' APIs, the admin one too, speak this way.
@LoopActor
final class JanusChannel {
    /// What ends a request.
    enum Answer {
        /// An ack is enough.
        case ack
        /// `success`, or an error.
        case success
        /// The plugin's reply, which follows the ack, or comes before it.
        case plugin
    }

    private struct Pending {
        let name: String
        let answer: Answer
        let owner: UInt64?
        let timer: LoopTimer
        let continuation: CheckedContinuation<Result<JanusMessage, JanusError>, Never>
    }

    private let timeout: Duration
    private let maximumPending: Int
    private let onOpen: @LoopActor (JanusChannel) -> Void
    private let onMessage: @LoopActor (JanusMessage) -> Void
    private let onClosed: @LoopActor (JanusChannel, String) -> Void
    private var socket: WebSocketClient?
    private var pending: [String: Pending] = [:]
    private var nextTransaction = 0
    private(set) var isOpen = false
    private var isClosed = false

    /// - Parameters:
    ///   - onMessage: Each message that answers no request which still waits.
    ///   - onClosed: Once, also when the connection could not be made; requests that wait have failed before.
    init(
        url: String, subprotocol: String = "janus-protocol", timeout: Duration, maximumPending: Int = 10_000,
        onOpen: @escaping @LoopActor (JanusChannel) -> Void,
        onMessage: @escaping @LoopActor (JanusMessage) -> Void,
        onClosed: @escaping @LoopActor (JanusChannel, String) -> Void
    ) {
        self.timeout = timeout
        self.maximumPending = maximumPending
        self.onOpen = onOpen
        self.onMessage = onMessage
        self.onClosed = onClosed
        socket = WebSocketClient(
            url: url, subprotocol: subprotocol,
            // The socket lets go of these when it is closed.
            onOpen: { [self] in opened() },
            onText: { [self] text in received(text) },
            onClosed: { [self] closure in
                closed(closure.description)
                socket = nil
            })
    }

    func connect() {
        do {
            try socket?.connect()
        } catch {
            socket = nil
            closed("\(error)")
        }
    }

    /// Closes the connection; requests that wait fail at once.
    func close(_ reason: String) {
        guard !isClosed else { return }
        closed(reason)
        socket?.close()
    }

    /// Returns when the socket is closed, too.
    func finish() async {
        await socket?.stop()
    }

    // MARK: Requests

    /// Sends a request and waits for its answer.
    ///
    /// - Parameters:
    ///   - owner: The handle that it belongs to, for ``fail(of:_:)``.
    ///   - prefix: Begins the transaction, so that an answer which comes too late can be told from others.
    ///   - limit: Time for the answer, where it is not the usual one.
    func request(
        _ message: [String: JSONValue], until answer: Answer, owner: UInt64? = nil, prefix: String = "t", within limit: Duration? = nil
    ) async throws(JanusError) -> JanusMessage {
        guard isOpen else { throw .lost }
        guard pending.count < maximumPending else { throw .overloaded }
        guard !Task.isCancelled else { throw .cancelled }
        nextTransaction += 1
        let transaction = "\(prefix)\(nextTransaction)"
        let name = JanusRequestCounts.name(of: message)
        let begun = ContinuousClock.now
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let timer = LoopTimer.schedule(after: limit ?? timeout) { [weak self] in self?.resolve(transaction, .failure(.timeout)) }
                pending[transaction] = Pending(name: name, answer: answer, owner: owner, timer: timer, continuation: continuation)
                send(message, name, transaction: transaction)
            }
        } onCancel: {
            LoopActor.task { self.resolve(transaction, .failure(.cancelled)) }
        }
        let isAnswered = if case .success = result { true } else { false }
        JanusRequestCounts.note(name, took: begun.duration(to: .now), isAnswered: isAnswered)
        return try result.get()
    }

    /// Sends a request whose answer nobody waits for. Its transaction has its name: a refusal is shown as one of it.
    func send(_ message: [String: JSONValue], prefix: String = "n") {
        guard isOpen else { return }
        nextTransaction += 1
        let name = JanusRequestCounts.name(of: message)
        send(message, name, transaction: "\(prefix)\(nextTransaction).\(name)")
    }

    /// Fails what waits on behalf of a handle.
    func fail(of owner: UInt64, _ error: JanusError) {
        for (transaction, waiting) in pending where waiting.owner == owner { resolve(transaction, .failure(error)) }
    }

    private func send(_ message: [String: JSONValue], _ name: String, transaction: String) {
        var message = message
        message["transaction"] = .string(transaction)
        let text = JSONValue.object(message).text
        if let handle = message["handle_id"]?.intValue.flatMap({ UInt64(exactly: $0) }) {
            EventStream.shared.tell(.engine, .handle(handle), .engine(EngineMessage(isSent: true, name: name, text: text)))
        }
        socket?.send(text)
    }

    /// What the request with that transaction asks for.
    private func request(_ transaction: String) -> String? {
        pending[transaction]?.name ?? transaction.firstIndex(of: ".").map { String(transaction[transaction.index(after: $0)...]) }
    }

    private func resolve(_ transaction: String, _ result: Result<JanusMessage, JanusError>) {
        guard let waiting = pending.removeValue(forKey: transaction) else { return }
        waiting.timer.cancel()
        waiting.continuation.resume(returning: result)
    }

    // MARK: What comes

    private func opened() {
        guard !isClosed else { return }
        isOpen = true
        onOpen(self)
    }

    private func received(_ text: String) {
        guard !isClosed else { return }
        let message: JanusMessage
        do throws(JanusError) {
            message = try JanusMessage(parsing: text)
        } catch {
            return close(error.description)
        }
        if let handle = message.sender {
            EventStream.shared.tell(.engine, .handle(handle), .engine(EngineMessage(
                isSent: false, name: message.json["janus"]?.stringValue ?? "", request: message.transaction.flatMap(request), text: text)))
        }
        guard let transaction = message.transaction, let waiting = pending[transaction] else { return onMessage(message) }
        switch (message.kind, waiting.answer) {
        case (.error(let code, let reason), _):
            resolve(transaction, .failure(.refused(code: code, reason: reason)))
        case (.ack, .ack), (.success, .ack), (.success, .success), (.plugin, .plugin):
            resolve(transaction, .success(message))
        case (.ack, _):
            break
        default:
            resolve(transaction, .failure(.malformed("an answer of another kind than was asked for")))
        }
    }

    private func closed(_ reason: String) {
        guard !isClosed else { return }
        isClosed = true
        isOpen = false
        for transaction in pending.keys.sorted() { resolve(transaction, .failure(.lost)) }
        onClosed(self, reason)
    }
}

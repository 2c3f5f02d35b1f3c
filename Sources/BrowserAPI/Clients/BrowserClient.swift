public import EventLoop
public import JSON
internal import Logging

/// A logged-in client. It outlives its connection by the grace time, and goes on when another connection resumes it.
@LoopActor
public final class BrowserClient {
    /// A lower-case UUID; the client knows it as `connection_id`.
    public nonisolated let id: String
    public nonisolated let user: BrowserUser
    /// Whether a connection carries it at the moment; without one, messages are kept for the resume.
    public var isConnected: Bool { connection != nil }
    /// Whether it is gone for good. Whatever is sent to it then is dropped.
    public private(set) var isEnded = false
    /// Whether it may do nothing new any more.
    var isRevoked = false
    /// The peer's address of its last connection.
    public private(set) var remoteAddress: String

    /// What the next `resume` must present.
    var resumeToken = BrowserID.makeToken()
    /// What the last `resume` presented, which is accepted once more until the client has sent something since: the answer may have been lost.
    var formerToken: String?
    var subscriptions: SubscriptionList
    /// Requests of the client that are not answered yet.
    var openRequests: Set<TransactionID> = []
    /// Objects whose events it gets because the gateway said so.
    var granted: Set<String> = []
    private(set) weak var api: BrowserAPI?
    let log: Logger
    private var connection: BrowserConnection?
    private var kept: KeptMessages
    private var requests: RequestTable
    private var graceTimer: LoopTimer?
    /// Whether more was kept than may be: it is about to end.
    private(set) var isOverflowing = false

    init(user: BrowserUser, api: BrowserAPI) {
        let configuration = api.configuration
        id = BrowserID.make()
        self.user = user
        self.api = api
        log = api.log
        remoteAddress = ""
        subscriptions = SubscriptionList(limit: configuration.maximumSubscriptions)
        kept = KeptMessages(
            maximumCount: configuration.maximumKeptMessages, maximumBytes: configuration.maximumKeptBytes)
        requests = RequestTable(
            limit: configuration.maximumRequestsToClient, acknowledgedTime: configuration.acknowledgedRequestTime)
    }

    // MARK: For the gateway

    /// Sends a request of ours: `call_invite`, `renegotiate_session`.
    ///
    /// While the client has no connection the request is kept for it, and withdrawn when the time is over.
    /// - Parameters:
    ///   - timeout: Time until the response; once the client acknowledged the request it gets the longer time of the
    ///     configuration.
    ///   - completion: Runs exactly once, never within this call: with the response's data, with the client's error, or
    ///     with `timedOut`, `clientGone` or `tooManyRequests`.
    public func request(
        class: String = "media", cmd: String, data: JSONValue, timeout: Duration,
        completion: @escaping @LoopActor (Result<JSONValue, APIError>) -> Void
    ) {
        if let refusal = isEnded ? APIError(.clientGone) : requests.isFull ? APIError(.tooManyRequests) : nil {
            LoopActor.task { completion(.failure(refusal)) }
            return
        }
        let tid = requests.open(timeout: timeout, completion) { [weak self] tid in
            self?.finish(tid, .failure(APIError(.timedOut)))
        }
        send(OutgoingMessage.request(class: `class`, cmd: cmd, data: data, tid: tid), request: tid)
    }

    /// Sends an event to this client alone, subscribed or not.
    public func send(_ event: BrowserEvent) { send(OutgoingMessage.event(event)) }

    /// The client gets the events of the session or call `objID`, whoever owns it, until its last one or until it
    /// unsubscribes from it.
    public func subscribe(to objID: String) {
        guard !isEnded else { return }
        api?.grant(objID, to: self)
    }

    /// Takes ``subscribe(to:)`` back.
    public func unsubscribe(from objID: String) { api?.revoke(objID, from: self) }

    // MARK: Answers to our requests

    func finish(_ tid: TransactionID, _ result: Result<JSONValue, APIError>) {
        guard let completion = requests.close(tid) else {
            log.debug("a response to no request", metadata: metadata)
            return
        }
        kept.withdraw(tid)
        completion(result)
    }

    func acknowledged(_ tid: TransactionID) {
        requests.acknowledge(tid) { [weak self] tid in self?.finish(tid, .failure(APIError(.timedOut))) }
    }

    // MARK: Connections

    /// - Parameter request: The `tid` when the text is a request of ours.
    func send(_ text: String, request: TransactionID? = nil) {
        guard !isEnded, !isOverflowing else { return }
        connection?.send(text)
        guard connection == nil || formerToken != nil, !keep(text, request: request) else { return }
        // The gateway is in the middle of something: tell it later.
        isOverflowing = true
        LoopActor.task { [weak self] in
            guard let self else { return }
            self.api?.end(self, "too much was kept for it")
        }
    }

    /// Keeps a text for the next resume. False where a client without a connection has no room for it.
    private func keep(_ text: String, request: TransactionID?) -> Bool {
        if kept.append(text, request: request, isSent: isConnected) { return true }
        // There has to be room for what was not sent yet, and a client that listens to so much without a word has its answer.
        api?.registry.forgetFormerToken(of: self)
        return isConnected || kept.append(text, request: request, isSent: false)
    }

    /// It has the answer to its last resume, and what was sent after that is not sent again.
    func forgetSent() {
        formerToken = nil
        kept.forgetSent()
    }

    /// Goes on with `connection`, which gets what was kept; the one before, if it is still open, is closed.
    func attach(_ connection: BrowserConnection) {
        graceTimer?.cancel()
        graceTimer = nil
        let former = self.connection
        self.connection = connection
        remoteAddress = connection.transport.remoteAddress
        former?.client = nil
        former?.close(code: CloseCode.resumedElsewhere, reason: "resumed on another connection")
        for text in kept.send() { connection.send(text) }
    }

    /// Its connection is closed: `timeUp` runs unless another one comes within `graceTime`.
    func detach(graceTime: Duration, timeUp: @escaping @LoopActor () -> Void) {
        connection = nil
        graceTimer = .schedule(after: graceTime, timeUp)
    }

    /// Ends it: nothing is sent any more, and requests of ours fail.
    /// - Returns: The connection that it had.
    func end() -> BrowserConnection? {
        isEnded = true
        graceTimer?.cancel()
        graceTimer = nil
        openRequests = []
        kept.removeAll()
        let former = connection
        connection = nil
        former?.client = nil
        for completion in requests.closeAll() { completion(.failure(APIError(.clientGone))) }
        return former
    }
}

extension BrowserClient {
    /// What `login` and `resume` answer.
    var introduction: [String: JSONValue] {
        var data: [String: JSONValue] = ["user": .string(user.name), "connection_id": .string(id), "resume_token": .string(resumeToken)]
        if api?.isDraining == true { data["draining"] = true }
        return data
    }

    /// Who it is, for the log.
    nonisolated var metadata: Logger.Metadata { ["client": "\(id)", "user": "\(user.name)"] }
}

public import EventLoop
internal import JSON
internal import WebSocket
internal import Logging
internal import WebSocket

/// A client of one Janus: one WebSocket connection, one Janus session, any number of handles.
///
/// While it runs it keeps the session alive and, when the connection is lost, connects again after a growing wait. A
/// session is never taken over: its handles are lost with its connection, each with one `.lost` event.
@LoopActor
public final class JanusClient {
    private var configuration: JanusClientConfiguration
    private let onStateChange: @LoopActor (JanusState) -> Void
    private let logger: Logger

    public private(set) var state = JanusState.down(reason: "not started")

    private var isRunning = false
    private var channel: JanusChannel?
    private var session: UInt64?
    private var handles: [UInt64: Entry] = [:]
    private var detaching = 0
    /// The handles that Janus is to let go of: each by who waits for it.
    private var departures: [UInt64: @LoopActor () -> Void] = [:]
    private var attempts = 0
    /// Why the last attempt to connect failed; nil once one succeeded.
    private var lastReason: String?
    private var retry: LoopTimer?
    private var keepalive: LoopTimer?

    /// A handle belongs to whoever attached it.
    private struct Entry {
        weak var handle: JanusHandle?
    }

    public init(configuration: JanusClientConfiguration, onStateChange: @escaping @LoopActor (JanusState) -> Void) {
        self.configuration = configuration
        self.onStateChange = onStateChange
        var logger = Logger(label: "tern.janus.client")
        if let name = configuration.name { logger[metadataKey: "server"] = "\(name)" }
        self.logger = logger
    }

    public var url: String { configuration.url }

    /// How many handles Janus holds for this client, those included that are being detached.
    public var openHandles: Int { handles.count + detaching }

    // MARK: Life

    /// Connects, and stays connected as far as it is in its power. Harmless when repeated.
    public func start() {
        guard !isRunning else { return }
        isRunning = true
        attempts = 0
        connect()
    }

    /// Goes to another URL, or to the same at once: for a Janus that was started again elsewhere.
    ///
    /// An existing connection is given up unless it is to that very URL.
    public func connect(to url: String) {
        let isSame = configuration.url == url
        configuration.url = url
        guard isRunning else { return }
        if isSame, channel != nil { return }
        attempts = 0
        channel?.close("moved to another URL")
        retry?.cancel()
        if channel == nil { connect() }
    }

    /// Ends the session, which detaches its handles, and the connection.
    public func stop() async {
        guard isRunning else { return }
        isRunning = false
        retry?.cancel()
        retry = nil
        if let channel, let session {
            // Only a courtesy: Janus ends the session with the connection anyway.
            _ = try? await channel.request(
                envelope(["janus": "destroy", "session_id": .id(session)]), until: .success,
                within: min(configuration.requestTimeout, .seconds(1)))
        }
        let last = channel
        channel?.close("stopped")
        set(.down(reason: "stopped"))
        await last?.finish()
        // A connection that failed just before may still be closing.
        await WebSocketClient.settled()
    }

    private func connect() {
        retry = nil
        set(.connecting)
        let channel = JanusChannel(
            url: configuration.url, timeout: configuration.requestTimeout, maximumPending: configuration.maximumPending,
            onOpen: { [weak self] channel in LoopActor.task { [self] in await self?.createSession(channel) } },
            onMessage: { [weak self] message in self?.received(message) },
            onClosed: { [weak self] channel, reason in
                if let self, self.channel === channel { closed(reason) }
            })
        self.channel = channel
        channel.connect()
    }

    private func createSession(_ channel: JanusChannel) async {
        do throws(JanusError) {
            let answer = try await channel.request(envelope(["janus": "create"]), until: .success)
            guard let id = answer.dataID else { throw .malformed("a session without an id") }
            if let engine = configuration.engine {
                try await EngineCheck(channel: channel, secret: configuration.apiSecret, session: id).run(expecting: engine)
            }
            guard self.channel === channel else { return }
            session = id
            attempts = 0
            lastReason = nil
            startKeepalive(channel)
            logger.info("session with Janus established", metadata: ["url": "\(configuration.url)", "session": "\(id)"])
            set(.ready)
        } catch .unusable(let reason) {
            channel.close(reason)
        } catch {
            channel.close("no session: \(error)")
        }
    }

    private func startKeepalive(_ channel: JanusChannel) {
        keepalive = LoopTimer.schedule(after: configuration.keepaliveInterval, every: configuration.keepaliveInterval) { [weak self] in
            LoopActor.task { [self] in await self?.keepAlive(channel) }
        }
    }

    private func keepAlive(_ channel: JanusChannel) async {
        guard let session, self.channel === channel else { return }
        do throws(JanusError) {
            _ = try await channel.request(envelope(["janus": "keepalive", "session_id": .id(session)]), until: .ack)
        } catch .lost {
        } catch {
            channel.close("keepalive failed: \(error)")
        }
    }

    /// Asks Janus' core for a sign of life, and returns how long it took to answer. The plugin is not asked.
    ///
    /// - Throws: `.timeout` when no answer comes in the time for one; unlike an unanswered keepalive, that does not end the connection.
    public func answerTime() async throws(JanusError) -> Duration {
        let (channel, session) = try ready()
        let begun = ContinuousClock.now
        _ = try await channel.request(envelope(["janus": "keepalive", "session_id": .id(session)]), until: .ack)
        return begun.duration(to: .now)
    }

    private func closed(_ reason: String) {
        channel = nil
        session = nil
        keepalive?.cancel()
        keepalive = nil
        let lost = handles.values
        handles = [:]
        for id in departures.keys.sorted() { departed(id) }
        if isRunning { scheduleRetry(reason) }
        set(.down(reason: reason))
        for entry in lost { entry.handle?.lose() }
    }

    private func scheduleRetry(_ reason: String) {
        attempts += 1
        let doublings = min(attempts - 1, 16)
        let wait = min(configuration.firstRetry * (1 << doublings), configuration.longestRetry)
        logger.log(
            level: reason == lastReason ? .debug : .warning, "no connection to Janus",
            metadata: ["url": "\(configuration.url)", "reason": "\(reason)", "retry": "\(wait)"])
        lastReason = reason
        retry = LoopTimer.schedule(after: wait) { [weak self] in
            guard let self, isRunning, channel == nil else { return }
            connect()
        }
    }

    private func set(_ new: JanusState) {
        guard new != state else { return }
        state = new
        onStateChange(new)
    }

    // MARK: Handles

    /// Attaches a new handle to Tern's plugin.
    ///
    /// When the task is cancelled or the time is over, a handle that Janus makes nevertheless is detached at once.
    ///
    /// - Parameter limit: Time for the answer, where it is not the client's usual one.
    public func attach(within limit: Duration? = nil) async throws(JanusError) -> JanusHandle {
        let (channel, session) = try ready()
        let answer = try await channel.request(
            envelope(["janus": "attach", "session_id": .id(session), "plugin": .string(EnginePlugin.name)]),
            until: .success, prefix: JanusClient.attachPrefix, within: limit)
        guard let id = answer.dataID else { throw .malformed("a handle without an id") }
        guard self.channel === channel, self.session == session else { throw .lost }
        let handle = JanusHandle(id: id, client: self)
        handles[id] = Entry(handle: handle)
        return handle
    }

    /// Begins the transactions whose late success means a handle that nobody waits for any more.
    private static let attachPrefix = "attach-"

    private func ready() throws(JanusError) -> (JanusChannel, UInt64) {
        if let channel, let session { return (channel, session) }
        switch state {
        case .down(let reason): throw .notReady(reason)
        case .connecting, .ready: throw .notReady("connecting")
        }
    }

    private func envelope(_ message: [String: JSONValue], handle: UInt64? = nil) -> [String: JSONValue] {
        var message = message
        if let secret = configuration.apiSecret { message["apisecret"] = .string(secret) }
        if let handle, let session {
            message["session_id"] = .id(session)
            message["handle_id"] = .id(handle)
        }
        return message
    }

    func request(
        _ message: [String: JSONValue], of handle: JanusHandle, until answer: JanusChannel.Answer, within limit: Duration? = nil
    ) async throws(JanusError) -> JanusMessage {
        let (channel, _) = try ready()
        return try await channel.request(envelope(message, handle: handle.id), until: answer, owner: handle.id, within: limit)
    }

    func send(_ message: [String: JSONValue], of handle: JanusHandle) {
        channel?.send(envelope(message, handle: handle.id))
    }

    func detach(_ handle: JanusHandle) async {
        guard handles.removeValue(forKey: handle.id) != nil else { return }
        channel?.fail(of: handle.id, .detached)
        await detach(handle.id)
    }

    /// Detaches a handle that was dropped.
    func abandon(_ id: UInt64) {
        guard handles.removeValue(forKey: id) != nil else { return }
        logger.warning("a handle was dropped without being detached", metadata: ["handle": "\(id)"])
        LoopActor.task { await self.detach(id) }
    }

    private func detach(_ id: UInt64) async {
        guard let channel, session != nil else { return }
        detaching += 1
        defer { detaching -= 1 }
        // Whoever calls may have been cancelled: that must not keep Janus from hearing of it.
        await LoopActor.task { [self] in
            var hasDeparted = false
            departures[id] = { hasDeparted = true }
            do throws(JanusError) {
                _ = try await channel.request(envelope(["janus": "detach"], handle: id), until: .success)
                if !hasDeparted { await departure(of: id) }
            } catch .lost {
            } catch {
                // A client that stops ends its session, and all handles with it.
                logger.log(level: isRunning ? .warning : .debug, "a handle could not be detached", metadata: ["handle": "\(id)", "reason": "\(error)"])
            }
            departures[id] = nil
        }.value
    }

    /// Janus answers before the plugin knows; it says `detached` when the plugin has closed what the handle had, as files and ports.
    private func departure(of id: UInt64) async {
        let timer = LoopTimer.schedule(after: configuration.requestTimeout) { [weak self] in
            self?.logger.warning("Janus does not say that a handle is gone", metadata: ["handle": "\(id)"])
            self?.departed(id)
        }
        await withCheckedContinuation { continuation in departures[id] = { continuation.resume() } }
        timer.cancel()
    }

    private func departed(_ id: UInt64) { departures.removeValue(forKey: id)?() }

    // MARK: What comes unasked

    private func received(_ message: JanusMessage) {
        switch message.kind {
        case .handle(let event):
            dispatch(event, to: message.sender)
        case .plugin(let reply) where message.transaction == nil:
            dispatch(.plugin(reply.data, reply.jsep), to: message.sender)
        case .sessionTimeout:
            channel?.close("the session timed out")
        case .success where message.transaction?.hasPrefix(JanusClient.attachPrefix) == true:
            guard let id = message.dataID else { return }
            LoopActor.task { await self.detach(id) }
        case .ack:
            break
        default:
            logger.debug("message from Janus that nothing waits for", metadata: ["transaction": "\(message.transaction ?? "")"])
        }
    }

    private func dispatch(_ event: JanusHandleEvent, to id: UInt64?) {
        guard let id else { return }
        if event == .lost { departed(id) }
        guard let handle = handles[id]?.handle else { return }
        if event == .lost {
            handles[id] = nil
            channel?.fail(of: id, .lost)
            handle.lose()
        } else {
            handle.received(event)
        }
    }
}

extension JanusMessage {
    /// The id of what was made.
    var dataID: UInt64? { json["data"]?["id"]?.intValue.flatMap { UInt64(exactly: $0) } }
}

extension JSONValue {
    /// The id of a session or a handle; Janus' are below 2^53.
    static func id(_ id: UInt64) -> JSONValue { .integer(Int(truncatingIfNeeded: id)) }
}

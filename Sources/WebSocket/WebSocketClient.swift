internal import CWebSockets
public import EventLoop
internal import SIPNames

/// One WebSocket connection to a server, without TLS. An object connects once; make another to connect again.
///
/// It keeps itself alive from ``connect()`` to `onClosed`.
@LoopActor
public final class WebSocketClient {
    private let url: String
    private let subprotocol: String
    private let configuration: WebSocketClientConfiguration
    private var onOpen: (@LoopActor () -> Void)?
    private var onText: (@LoopActor (String) -> Void)?
    private var onClosed: (@LoopActor (WebSocketClosure) -> Void)?

    private enum State { case new, connecting, open, closed }
    private var state = State.new
    private var context: LibraryContext?
    private var id: UInt = 0
    private var target: WebSocketURL?
    private var addresses: ArraySlice<String> = []
    /// The library's side, while there is one.
    private var wsi: OpaquePointer?
    private var stream: FrameStream?
    private var timer: LoopTimer?
    private var attemptIsRunning = false
    private var hasGivenUp = false
    private var closedByUs = false
    private var failure: String?

    /// - Parameters:
    ///   - url: `ws://host[:port][/path]`; the host is an IPv4 literal, an IPv6 literal in brackets, or a name.
    ///   - subprotocol: What to ask for; a server that does not agree to it counts as not connected.
    ///   - onOpen: The handshake is done; ``send(_:)`` works from now on.
    ///   - onText: A complete text message came.
    ///   - onClosed: Exactly once after a ``connect()`` that did not throw, also when there was never a connection. Nothing follows it.
    public init(
        url: String,
        subprotocol: String,
        configuration: WebSocketClientConfiguration = WebSocketClientConfiguration(),
        onOpen: @escaping @LoopActor () -> Void,
        onText: @escaping @LoopActor (String) -> Void,
        onClosed: @escaping @LoopActor (WebSocketClosure) -> Void
    ) {
        self.url = url
        self.subprotocol = subprotocol
        self.configuration = configuration
        self.onOpen = onOpen
        self.onText = onText
        self.onClosed = onClosed
    }

    /// Whether ``send(_:)`` has an effect.
    public var isOpen: Bool { state == .open && stream?.isOpen == true }

    /// Begins to connect. Whether that works is told by `onOpen` and `onClosed`, never before this returns.
    ///
    /// - Throws: ``WebSocketError/invalidURL(_:)``, or ``WebSocketError/alreadyStarted`` the second time.
    public func connect() throws(WebSocketError) {
        guard state == .new else { throw .alreadyStarted }
        let target = try WebSocketURL(url)
        self.target = target
        (context, id) = try ClientContext.join(self)
        state = .connecting
        timer = LoopTimer.schedule(after: configuration.handshakeTimeout) { [weak self] in
            self?.giveUp("no answer within \(self?.configuration.handshakeTimeout ?? .zero)")
        }
        LoopActor.task {
            await self.resolve(target.host)
            self.tryNext()
        }
    }

    /// Sends a text message. It is dropped when the connection is not open.
    public func send(_ text: String) {
        guard state == .open else { return }
        stream?.send(text)
    }

    /// Closes after what was sent before; `onClosed` follows. Has no effect on a client that is closed or never connected.
    public func close(code: Int = 1000, reason: String = "") {
        guard state == .connecting || state == .open, !closedByUs else { return }
        closedByUs = true
        if let stream {
            stream.close(code: code, reason: reason)
        } else {
            giveUp("closed")
        }
    }

    /// Closes, and returns after `onClosed`, when nothing of this client is left; if it was the last one, also
    /// nothing of the library that clients share.
    public func stop() async {
        close()
        // Looked at in the continuation: an await may let the end happen first.
        await withCheckedContinuation { done in
            if state == .closed || state == .new { done.resume() } else { waiting.append(done) }
        }
        await WebSocketClient.settled()
    }

    /// Returns when nothing is left of clients that have closed, in the library either.
    public static func settled() async { await ClientContext.settled() }

    private var waiting: [CheckedContinuation<Void, Never>] = []

    // MARK: Connecting

    private func resolve(_ host: String) async {
        if IPAddress(host) != nil {
            addresses = [host]
        } else if host.lowercased() == "localhost" {
            addresses = ["127.0.0.1", "::1"]
        } else {
            // The resolver blocks: not on the loop.
            let answer = await Task.detached { SystemResolver.addresses(of: host) }.value
            switch answer {
            case .success(let hosts): addresses = hosts[...]
            case .failure(let error): failure = failure ?? "\(host): \(error.text)"
            }
        }
    }

    /// Tries the next address, or ends.
    private func tryNext() {
        guard state == .connecting else { return }
        guard !hasGivenUp, let address = addresses.popFirst(), let target, let context = context?.pointer
        else {
            finish()
            return
        }
        attemptIsRunning = true
        var info = lws_client_connect_info()
        info.context = context
        info.port = Int32(target.port)
        info.ietf_version_or_minus_one = -1
        // A redirection would lead to a place that nobody configured.
        info.ssl_connection = Int32(LCCSCF_HTTP_NO_FOLLOW_REDIRECT.rawValue)
        info.opaque_user_data = UnsafeMutableRawPointer(bitPattern: id)
        let created = address.withCString { address in
            target.path.withCString { path in
                target.authority.withCString { host in
                    subprotocol.withCString { subprotocol in
                        info.address = address
                        info.path = path
                        info.host = host
                        info.protocol = subprotocol.pointee == 0 ? nil : subprotocol
                        return "tern-client".withCString { local in
                            info.local_protocol_name = local
                            return lws_client_connect_via_info(&info)
                        }
                    }
                }
            }
        }
        if let created, state == .connecting {
            wsi = created
        } else {
            attemptEnded()
        }
    }

    private func attemptEnded() {
        guard attemptIsRunning else { return }
        attemptIsRunning = false
        wsi = nil
        stream?.detach()
        // Not at once: this may be within one of the library's callbacks, or within connect().
        LoopActor.task { self.state == .connecting ? self.tryNext() : self.finish() }
    }

    private func giveUp(_ reason: String) {
        guard state == .connecting else { return }
        failure = reason
        hasGivenUp = true
        timer?.cancel()
        timer = nil
        guard let wsi, let context else {
            LoopActor.task { self.finish() }
            return
        }
        context.kill(wsi)
        // The library may be in a state in which it never says that it is done.
        timer = LoopTimer.schedule(after: configuration.closeTimeout) { self.finish() }
    }

    private func finish() {
        guard state == .connecting || state == .open else { return }
        let closure = closure
        state = .closed
        timer?.cancel()
        timer = nil
        stream?.detach()
        wsi = nil
        context = nil
        ClientContext.leave(id)
        let onClosed = onClosed
        (onOpen, onText, self.onClosed) = (nil, nil, nil)
        onClosed?(closure)
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    private var closure: WebSocketClosure {
        if closedByUs { return .byUs }
        guard let stream else { return .notConnected(failure ?? "no address") }
        if let failure = stream.failure { return .failed(failure) }
        return .byPeer(code: stream.peerClose?.code ?? nil, reason: stream.peerClose?.reason ?? "")
    }

    // MARK: The library's callbacks

    func handle(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ length: Int
    ) -> Int32 {
        switch reason {
        case LWS_CALLBACK_CLIENT_ESTABLISHED: return established(wsi)
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
            // The library counts the C string's end, or more, as part of some of its texts.
            let bytes = UnsafeRawBufferPointer(start: input, count: input == nil ? 0 : length).prefix { $0 != 0 }
            let text = String(decoding: bytes, as: UTF8.self)
            failure = failure ?? (text.isEmpty ? "the connection failed" : text)
            self.wsi = nil
        case LWS_CALLBACK_CLIENT_RECEIVE:
            if let text = stream?.receive(input, length) { onText?(text) }
        case LWS_CALLBACK_CLIENT_RECEIVE_PONG: stream?.receivedPong()
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return stream?.receivedClose(input, length) ?? -1
        case LWS_CALLBACK_CLIENT_WRITEABLE: return stream?.writable() ?? -1
        case LWS_CALLBACK_CLIENT_CLOSED, LWS_CALLBACK_CLOSED_CLIENT_HTTP:
            self.wsi = nil
            stream?.detach()
        // The only one that comes in every case, so the only one that ends an attempt.
        case LWS_CALLBACK_WSI_DESTROY: attemptEnded()
        default: break
        }
        return 0
    }

    private func established(_ wsi: OpaquePointer) -> Int32 {
        guard state == .connecting, !hasGivenUp, let context else { return -1 }
        timer?.cancel()
        let limits = FrameStream.Limits(
            messageSize: configuration.maximumMessageSize, queuedBytes: configuration.maximumQueuedBytes,
            pingInterval: configuration.pingInterval, silence: configuration.silenceLimit,
            close: configuration.closeTimeout)
        let stream = FrameStream(wsi: wsi, context: context, limits: limits)
        self.stream = stream
        state = .open
        let interval = FrameStream.checkInterval(
            configuration.pingInterval, configuration.silenceLimit, configuration.closeTimeout)
        timer = LoopTimer.schedule(after: interval, every: interval) { [weak stream] in stream?.check(.now) }
        onOpen?()
        return 0
    }
}

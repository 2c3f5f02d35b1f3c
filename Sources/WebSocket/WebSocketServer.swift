internal import CWebSockets
public import EventLoop
public import SIPNames
public import TLS

/// An HTTP and WebSocket server on one port, over TLS where it is given a certificate.
///
/// It keeps its handler. It can be started again after ``stop()``.
@LoopActor
public final class WebSocketServer {
    public private(set) var configuration: WebSocketServerConfiguration
    let handler: any WebSocketServerHandler

    /// The port that it listens on, also when 0 was asked for; 0 while it does not run.
    public private(set) var port = 0

    private(set) var context: LibraryContext?
    private var tls: TLSServerContext?
    private var vhost: OpaquePointer?
    private var listener: OpaquePointer?
    private var sockets: [UInt64: ServerSocket] = [:]
    private var strangers: StrangerTable
    /// Bounds the lines about connections that were cut.
    private var cutLines = LineBudget(perSecond: 1)
    private var lastID: UInt64 = 0
    private var openConnections = 0
    var refusedOrigins = RefusedOrigins()
    private var checkTimer: LoopTimer?
    private var resumeTimer: LoopTimer?
    private var stopping: Task<Void, Never>?
    private var drained: (() -> Void)?

    public init(configuration: WebSocketServerConfiguration, handler: any WebSocketServerHandler) {
        var configuration = configuration
        // Others need descriptors as well: SIP has half of them.
        let share = max(1, DescriptorReserve.limit / 4)
        configuration.maximumConnections = min(configuration.maximumConnections, share)
        configuration.strangers.inAll = min(configuration.strangers.inAll, max(1, share / 2))
        self.configuration = configuration
        strangers = StrangerTable(configuration.strangers)
        self.handler = handler
    }

    /// WebSockets that are open.
    public var connectionCount: Int { openConnections }

    /// What waits for clients to take it.
    public struct Queues: Sendable, Equatable {
        /// Of all clients together.
        public internal(set) var messages = 0
        public internal(set) var bytes = 0
        /// Of the client for which most waits.
        public internal(set) var mostBytes = 0

        public init() {}
    }

    /// What waits for clients to take it, at the moment.
    public var queues: Queues {
        sockets.values.reduce(into: Queues()) { queues, socket in
            guard let waiting = socket.connection?.stream.waiting else { return }
            queues.messages += waiting.messages
            queues.bytes += waiting.bytes
            queues.mostBytes = max(queues.mostBytes, waiting.bytes)
        }
    }

    /// Addresses whose connections count in all only.
    public var exempt = ExemptAddresses.loopback

    /// Whose pages may connect from now on; see ``WebSocketServerConfiguration``.
    public func admit(origins: [String], hosts: [String]) {
        configuration.allowedOrigins = origins
        configuration.hosts = hosts
    }

    // MARK: Life

    /// Begins to listen.
    ///
    /// - Throws: ``WebSocketError/cannotListen(address:port:reason:)`` with the system's reason, as when the port is in use.
    public func start() throws(WebSocketError) {
        guard context == nil, stopping == nil else { throw .alreadyStarted }
        let socket = try ListeningSocket(address: configuration.address, port: configuration.port)
        do throws(WebSocketError) {
            let timeout = max(configuration.handshakeTimeout, configuration.idleTimeout)
            let context = try LibraryContext(
                port: Int32(tern_lws_port_no_listen_server), protocolName: configuration.subprotocol,
                // The checks here are finer; the library's whole seconds are only a second line.
                timeoutSeconds: UInt32(clamping: timeout.components.seconds + 2), isSecure: configuration.tls != nil,
                owner: self)
            self.context = context
            try secure(context)
        } catch {
            if context != nil { LoopActor.task { await self.stop() } }
            ListeningSocket.close(socket.descriptor)
            throw error
        }
        guard watch(socket.descriptor) else {
            LoopActor.task { await self.stop() }
            throw .library("the listening socket was not accepted")
        }
        port = socket.port
        let interval = FrameStream.checkInterval(
            configuration.handshakeTimeout, configuration.idleTimeout, configuration.closeTimeout,
            configuration.pingInterval, configuration.silenceLimit)
        checkTimer = LoopTimer.schedule(after: interval, every: interval) { [weak self] in self?.check() }
        LibraryLog.logger.info(
            "listening", metadata: ["address": "\(configuration.address)", "port": "\(socket.port)"])
    }

    private func secure(_ context: LibraryContext) throws(WebSocketError) {
        guard let identity = configuration.tls else { return }
        guard let pointer = context.sslContext else { throw .library("no TLS") }
        do throws(TLSError) {
            tls = try TLSServerContext(pointer, identity: identity)
        } catch {
            throw .certificate(error.description)
        }
    }

    /// Shows `identity` to those who connect from now on; connections that are up keep the certificate that they have seen.
    /// Without effect on a server that was started without TLS.
    public func use(_ identity: TLSIdentity) throws(TLSError) {
        try tls?.use(identity)
    }

    /// Hands the listening socket to the library as a descriptor that is only watched.
    private func watch(_ descriptor: Int32) -> Bool {
        guard let vhost = context?.pointer.flatMap({ lws_get_vhost_by_name($0, LibraryContext.vhostName) }) else {
            ListeningSocket.close(descriptor)
            return false
        }
        self.vhost = vhost
        var handle = lws_sock_file_fd_type()
        handle.filefd = descriptor
        listener = lws_adopt_descriptor_vhost(
            vhost, LWS_ADOPT_RAW_FILE_DESC, handle, configuration.subprotocol, nil)
        if listener == nil { ListeningSocket.close(descriptor) }
        return listener != nil
    }

    /// Closes every connection with 1001 and returns when the port, all descriptors and all memory are free again.
    /// Clients that do not answer the closing handshake are cut off after the configured time.
    public func stop() async {
        if let stopping { return await stopping.value }
        guard let context else { return }
        let task = LoopActor.task { await self.shutDown(context) }
        stopping = task
        await task.value
    }

    var isStopping: Bool { stopping != nil }

    private func shutDown(_ context: LibraryContext) async {
        resumeTimer?.cancel()
        if let listener { context.kill(listener) }
        listener = nil
        for socket in sockets.values {
            if let connection = socket.connection {
                connection.close(code: 1001, reason: "the server stops")
            } else if let wsi = socket.wsi {
                context.kill(wsi)
            }
        }
        if !sockets.isEmpty { await drain(within: configuration.closeTimeout + .milliseconds(500)) }
        checkTimer?.cancel()
        await context.destroy()
        // Nothing is left now that could still be told about.
        for id in sockets.keys { forget(id) }
        self.context = nil
        tls = nil
        vhost = nil
        port = 0
        stopping = nil
    }

    private func drain(within time: Duration) async {
        await withCheckedContinuation { done in
            let timer = LoopTimer.schedule(after: time) { [weak self] in self?.drained?() }
            drained = { [weak self] in
                self?.drained = nil
                timer.cancel()
                done.resume()
            }
        }
    }

    // MARK: Sockets

    func socket(of wsi: OpaquePointer) -> ServerSocket? {
        guard let data = lws_get_opaque_user_data(wsi) else { return nil }
        return sockets[UInt64(UInt(bitPattern: data))]
    }

    /// Connections that are not WebSockets (yet) beyond those that may become some.
    private static let spareSockets = 256

    private func acceptWaiting() {
        guard let vhost, let listener, !isStopping else { return }
        // A bound, so that a flood of connections leaves time for everything else on the loop.
        for _ in 0..<64 {
            switch ListeningSocket.accept(from: lws_get_socket_fd(listener)) {
            case .none: return
            case .retry: continue
            case .exhausted(let reason):
                pauseAccepting(reason)
                return
            case .connection(let descriptor, let peer):
                makeRoom(for: SourceAddress(peer.ip, exempt: exempt))
                guard !DescriptorReserve.isTouched(by: descriptor) else {
                    ListeningSocket.close(descriptor)
                    pauseAccepting("few descriptors are left")
                    return
                }
                guard sockets.count < configuration.maximumConnections + WebSocketServer.spareSockets else {
                    ListeningSocket.close(descriptor)
                    continue
                }
                adopt(descriptor, peer, vhost)
            }
        }
    }

    /// Cuts the stranger that has been idle longest of those among whom there is no room for one more.
    private func makeRoom(for source: SourceAddress) {
        guard let crowd = strangers.crowd(for: source), let idle = crowd.compactMap({ sockets[$0] }).min(by: { $0.lastActive < $1.lastActive }) else { return }
        strangers.remove(idle.id)
        let (isAdmitted, omitted) = cutLines.admit()
        if isAdmitted {
            LibraryLog.logger.warning("a connection without a login is cut: there are too many from its address, its network or in all", metadata: [
                "address": "\(idle.remoteAddress)", "omitted": "\(omitted)",
            ])
        }
        if let wsi = idle.wsi { context?.kill(wsi) }
    }

    private func adopt(_ descriptor: Int32, _ peer: SocketAddress, _ vhost: OpaquePointer) {
        lastID += 1
        let socket = ServerSocket(
            id: lastID, peer: peer, source: SourceAddress(peer.ip, exempt: exempt), deadline: .now + configuration.handshakeTimeout)
        sockets[socket.id] = socket
        strangers.insert(socket.id, socket.source)
        var description = lws_adopt_desc_t()
        description.vh = vhost
        let security = tls == nil ? 0 : LWS_ADOPT_ALLOW_SSL.rawValue
        description.type = lws_adoption_type(LWS_ADOPT_SOCKET.rawValue | LWS_ADOPT_HTTP.rawValue | security)
        description.fd.sockfd = descriptor
        description.opaque = UnsafeMutableRawPointer(bitPattern: UInt(socket.id))
        socket.wsi = lws_adopt_descriptor_vhost_via_info(&description)
        if socket.wsi == nil { forget(socket.id) }
    }

    private func pauseAccepting(_ reason: String) {
        guard let listener else { return }
        LibraryLog.logger.warning("no connections are accepted for a moment", metadata: ["reason": "\(reason)"])
        lws_rx_flow_control(listener, 0)
        resumeTimer?.cancel()
        resumeTimer = LoopTimer.schedule(after: .milliseconds(200)) { [weak self] in
            guard let listener = self?.listener else { return }
            lws_rx_flow_control(listener, 1)
        }
    }

    /// The connection is gone; tells the handler, if it knew of it.
    private func forget(_ id: UInt64) {
        guard let socket = sockets.removeValue(forKey: id) else { return }
        strangers.remove(id)
        socket.wsi = nil
        if let connection = socket.connection {
            connection.stream.detach()
            openConnections -= 1
            handler.closed(connection)
        }
        if sockets.isEmpty { drained?() }
    }

    func cut(_ wsi: OpaquePointer) { context?.kill(wsi) }

    private func check() {
        let now = ContinuousClock.now
        for socket in sockets.values {
            if let connection = socket.connection {
                connection.stream.check(now)
            } else if now >= socket.deadline, let wsi = socket.wsi {
                context?.kill(wsi)
            }
        }
    }
}

// MARK: - The library's callbacks

extension WebSocketServer: LibraryContextOwner {
    func handle(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ length: Int
    ) -> Int32 {
        switch reason {
        case LWS_CALLBACK_RAW_RX_FILE:
            acceptWaiting()
        case LWS_CALLBACK_RAW_CLOSE_FILE:
            listener = nil
        case LWS_CALLBACK_RAW_ADOPT, LWS_CALLBACK_RAW_RX, LWS_CALLBACK_HTTP_BODY:
            // CONNECT would turn the connection into a raw one; bodies were refused with the headers.
            return -1
        case LWS_CALLBACK_CLOSED, LWS_CALLBACK_CLOSED_HTTP, LWS_CALLBACK_WSI_DESTROY:
            if let socket = socket(of: wsi) { forget(socket.id) }
            if tls != nil { TLSServerContext.forgetErrors() }
        default:
            guard let socket = socket(of: wsi) else { return 0 }
            return handle(reason, socket, wsi, input, length)
        }
        return 0
    }

    private func handle(
        _ reason: lws_callback_reasons, _ socket: ServerSocket, _ wsi: OpaquePointer,
        _ input: UnsafeMutableRawPointer?, _ length: Int
    ) -> Int32 {
        socket.lastActive = .now
        switch reason {
        case LWS_CALLBACK_HTTP: return respond(on: socket, wsi)
        case LWS_CALLBACK_HTTP_WRITEABLE: return sendBody(on: socket, wsi)
        case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return confirmUpgrade(on: socket, wsi)
        case LWS_CALLBACK_ESTABLISHED: establish(socket, wsi)
        case LWS_CALLBACK_RECEIVE:
            guard let connection = socket.connection else { return -1 }
            if let text = connection.stream.receive(input, length) { handler.received(text, on: connection) }
        case LWS_CALLBACK_RECEIVE_PONG: socket.connection?.stream.receivedPong()
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: return socket.connection?.stream.receivedClose(input, length) ?? -1
        case LWS_CALLBACK_SERVER_WRITEABLE: return socket.connection?.stream.writable() ?? -1
        default: break
        }
        return 0
    }

    private func establish(_ socket: ServerSocket, _ wsi: OpaquePointer) {
        guard let context, socket.connection == nil else { return }
        let limits = FrameStream.Limits(
            messageSize: configuration.maximumMessageSize, queuedBytes: configuration.maximumQueuedBytes,
            pingInterval: configuration.pingInterval, silence: configuration.silenceLimit,
            close: configuration.closeTimeout, message: configuration.messageTimeout)
        let connection = WebSocketConnection(
            id: socket.id, remoteAddress: socket.remoteAddress, origin: LibraryHeaders.value(WSI_TOKEN_ORIGIN, wsi),
            stream: FrameStream(wsi: wsi, context: context, limits: limits))
        socket.connection = connection
        connection.onKnown = { [weak self, weak socket] isKnown in
            guard let self, let socket, sockets[socket.id] != nil else { return }
            if isKnown { strangers.remove(socket.id) } else { strangers.insert(socket.id, socket.source) }
        }
        openConnections += 1
        handler.opened(connection)
    }
}

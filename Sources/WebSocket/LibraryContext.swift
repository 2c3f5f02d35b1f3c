internal import CWebSockets
internal import EventLoop
internal import Glibc
internal import Logging

/// Gets the callbacks of one ``LibraryContext``.
@LoopActor
protocol LibraryContextOwner: AnyObject {
    /// - Returns: What libwebsockets wants for this reason; mostly 0 to go on and -1 to close.
    func handle(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ length: Int
    ) -> Int32
}

/// One `lws_context` on the loop, with one virtual host and one protocol.
///
/// Each server has a context of its own, and all clients share one: within a context libwebsockets picks the virtual host
/// by port and `Host` header alone, so that two servers on one port of different addresses would be mixed up.
@LoopActor
final class LibraryContext {
    /// Most bytes that one write hands to the kernel at once, and one read takes.
    private static let transmitSize = 64 * 1024
    private static let receiveSize = 4 * 1024
    /// Bytes of all headers of a request together.
    private static let headerLimit: UInt32 = 16 * 1024

    static let vhostName = "tern"

    private(set) var pointer: OpaquePointer?
    private unowned let owner: any LibraryContextOwner
    /// By which the library wakes itself; see ``WakeDescriptor``.
    private var wakeDescriptors: [WakeDescriptor] = []
    /// The `SSL_CTX` of the virtual host, where it has one: empty, for the owner to fill.
    private(set) var sslContext: OpaquePointer?
    /// Kept as long as the context, which does not copy them.
    private var names: [UnsafeMutablePointer<CChar>] = []

    init(
        port: Int32, protocolName: String, timeoutSeconds: UInt32, isSecure: Bool = false, owner: any LibraryContextOwner
    ) throws(WebSocketError) {
        self.owner = owner
        LibraryLog.install()
        let before = WakeDescriptor.all()
        pointer = create(port: port, protocolName: protocolName, timeoutSeconds: timeoutSeconds, isSecure: isSecure)
        wakeDescriptors = WakeDescriptor.all().subtracting(before).map { WakeDescriptor(number: $0) }
        guard pointer != nil else {
            releaseNames()
            throw .library("no context (is libwebsockets-evlib-uv installed?)")
        }
        // Balanced in destroy(): the context holds this object as its user pointer.
        _ = Unmanaged.passRetained(self)
    }

    private func create(
        port: Int32, protocolName: String, timeoutSeconds: UInt32, isSecure: Bool
    ) -> OpaquePointer? {
        var info = lws_context_creation_info()
        info.port = port
        info.gid = -1
        info.uid = -1
        info.options = tern_lws_option_libuv | tern_lws_option_no_canonical_name
        if isSecure {
            info.options |= tern_lws_options_tls
            // HTTP/2 would be offered too: one connection would then carry requests and WebSockets as streams.
            info.alpn = copy("http/1.1")
        }
        info.max_http_header_data2 = LibraryContext.headerLimit
        info.timeout_secs = timeoutSeconds
        info.timeout_secs_ah_idle = timeoutSeconds
        info.keepalive_timeout = Int32(clamping: timeoutSeconds)
        info.user = Unmanaged.passUnretained(self).toOpaque()
        // An address with port 0 is "no proxy": without it http_proxy of the environment would be used.
        info.http_proxy_address = copy("none:0")
        info.vhost_name = copy(LibraryContext.vhostName)
        let protocols = [
            lws_protocols(
                name: copy(protocolName), callback: libraryCallback, per_session_data_size: 0,
                rx_buffer_size: LibraryContext.receiveSize, id: 0, user: nil, tx_packet_size: LibraryContext.transmitSize),
            lws_protocols(),
        ]
        var loop: UnsafeMutableRawPointer? = EventLoop.shared.uvLoop
        return protocols.withUnsafeBufferPointer { protocols in
            withUnsafeMutablePointer(to: &loop) { loop in
                info.protocols = protocols.baseAddress
                info.foreign_loops = loop
                return lws_create_context(&info)
            }
        }
    }

    private func copy(_ text: String) -> UnsafePointer<CChar>? {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        for (index, byte) in bytes.enumerated() { copy[index] = byte }
        names.append(copy)
        return UnsafePointer(copy)
    }

    private func releaseNames() {
        for name in names { name.deallocate() }
        names = []
    }

    /// Has the library look at its timers: those that are set outside its own callbacks do not arm by themselves.
    func wake() {
        guard let pointer else { return }
        lws_cancel_service(pointer)
    }

    /// Cuts a connection soon, from wherever this is called.
    func kill(_ wsi: OpaquePointer) {
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, Int32(tern_lws_kill_async))
        wake()
    }

    /// Closes whatever is left and frees the context. The library's handles need a few turns of the loop to close
    /// before the second call frees it.
    func destroy() async {
        guard let context = pointer else { return }
        pointer = nil
        lws_context_destroy(context)
        for index in wakeDescriptors.indices { wakeDescriptors[index].occupy() }
        // The first turn closes the sockets, the second the library's own two handles; the others are in reserve.
        for _ in 0..<8 { await LoopTurn.next() }
        lws_context_destroy(context)
        for descriptor in wakeDescriptors { descriptor.vacate() }
        wakeDescriptors = []
        releaseNames()
        Unmanaged.passUnretained(self).release()
    }

    fileprivate func dispatch(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ user: UnsafeMutableRawPointer?,
        _ input: UnsafeMutableRawPointer?, _ length: Int
    ) -> Int32 {
        if reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS {
            sslContext = user.map { OpaquePointer($0) }
            return 0
        }
        return owner.handle(reason, wsi, input, length)
    }
}

/// The only entry from libwebsockets into Swift.
private let libraryCallback: @convention(c) (
    OpaquePointer?, lws_callback_reasons, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int
) -> Int32 = { wsi, reason, user, input, length in
    guard let wsi, let context = lws_get_context(wsi), let owner = lws_context_user(context) else { return 0 }
    let receiver = Unmanaged<LibraryContext>.fromOpaque(owner).takeUnretainedValue()
    nonisolated(unsafe) let handle = (wsi: wsi, user: user, input: input)
    return LoopActor.assumeIsolated { receiver.dispatch(reason, handle.wsi, handle.user, handle.input, length) }
}

/// Waiting for libuv to go once around.
@LoopActor
enum LoopTurn {
    static func next() async {
        await withCheckedContinuation { done in
            _ = LoopTimer.schedule(after: .milliseconds(1)) { done.resume() }
        }
    }
}

/// Sends what libwebsockets logs to swift-log instead of to stderr.
enum LibraryLog {
    static let logger = Logger(label: "tern.websocket")

    /// Levels above notice describe each read and write: they are asked for only when the log would take them.
    static func install() {
        var levels = LLL_ERR | LLL_WARN | LLL_NOTICE
        if logger.logLevel <= .trace { levels |= LLL_INFO }
        lws_set_log_level(Int32(levels)) { level, line in
            guard let line else { return }
            LibraryLog.emit(level, String(cString: line))
        }
    }

    /// The library calls "error" and "notice" what any peer can provoke by bad input, hence the lower levels here.
    private static func emit(_ level: Int32, _ line: String) {
        var text = Substring(line)
        while let last = text.last, last.isNewline { text.removeLast() }
        let swiftLevel: Logger.Level =
            switch UInt32(bitPattern: level) {
            case UInt32(LLL_ERR): .warning
            case UInt32(LLL_WARN): .debug
            default: .trace
            }
        logger.log(level: swiftLevel, "libwebsockets", metadata: ["text": .string(String(text))])
    }
}

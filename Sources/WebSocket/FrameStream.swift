internal import CWebSockets
internal import EventLoop

/// The messages of one open WebSocket, at either end: joining and bounding what comes in, queueing what goes out,
/// pinging, and the closing handshake.
@LoopActor
final class FrameStream {
    struct Limits {
        var messageSize: Int
        var queuedBytes: Int
        var pingInterval: Duration
        var silence: Duration
        var close: Duration
    }

    private let context: LibraryContext
    private let limits: Limits
    private var wsi: OpaquePointer?
    private var assembler: MessageAssembler
    private var queue = OutgoingQueue()

    /// What this end said, or is about to say, in its close frame.
    private var closing: (code: Int, reason: String)?
    private var closeIsSent = false
    private var closeDeadline: ContinuousClock.Instant?
    private var lastHeard = ContinuousClock.now
    private var lastPing = ContinuousClock.now
    private var pingIsDue = false

    /// The code and reason of the peer's close frame, once it came.
    private(set) var peerClose: (code: Int?, reason: String)?
    /// Why this end gave up, if it did: a violation by the peer, its silence, or its not reading.
    private(set) var failure: String?

    init(wsi: OpaquePointer, context: LibraryContext, limits: Limits) {
        self.wsi = wsi
        self.context = context
        self.limits = limits
        assembler = MessageAssembler(limit: limits.messageSize)
    }

    /// Whether messages are still sent and received.
    var isOpen: Bool { wsi != nil && closing == nil && peerClose == nil && failure == nil }

    /// The library's side is gone; nothing touches it from now on.
    func detach() {
        wsi = nil
        queue.removeAll()
    }

    // MARK: Outward

    func send(_ text: String) {
        guard isOpen, let wsi else { return }
        guard queue.bytes + text.utf8.count <= limits.queuedBytes else {
            abandon("the peer does not read: \(queue.bytes) bytes wait for it")
            return
        }
        queue.append(text)
        lws_callback_on_writable(wsi)
    }

    /// Sends what is queued, then the close frame; the first call counts.
    func close(code: Int, reason: String) {
        guard isOpen, let wsi else { return }
        closing = (code, reason)
        closeDeadline = .now + limits.close
        lws_callback_on_writable(wsi)
    }

    /// Writes at most one frame, as the library demands.
    func writable() -> Int32 {
        guard let wsi, failure == nil || closing != nil else { return -1 }
        queue.flushed()
        if pingIsDue {
            pingIsDue = false
            // Not empty: the library does not report an empty pong.
            guard write(Array("tern".utf8), LWS_WRITE_PING, wsi) else { return -1 }
        } else if let text = queue.popFirst() {
            guard write(Array(text.utf8), LWS_WRITE_TEXT, wsi) else { return -1 }
        } else if let closing, !closeIsSent {
            closeIsSent = true
            // Written here instead of by lws_close_reason and a result of -1: in Debian's build for libuv that result
            // closes the socket twice in a row, and the second time comes before the frame is sent.
            return write(FrameStream.closePayload(closing.code, closing.reason), tern_lws_write_close, wsi) ? 0 : -1
        } else {
            return 0
        }
        // Once more also after the last frame, to learn that the peer took it.
        lws_callback_on_writable(wsi)
        return 0
    }

    private func write(_ bytes: [UInt8], _ kind: lws_write_protocol, _ wsi: OpaquePointer) -> Bool {
        let prefix = tern_lws_pre
        var frame = [UInt8](repeating: 0, count: prefix)
        frame.reserveCapacity(prefix + bytes.count)
        frame += bytes
        let written = frame.withUnsafeMutableBufferPointer { frame -> Int32 in
            guard let base = frame.baseAddress else { return -1 }
            return lws_write(wsi, base + prefix, bytes.count, kind)
        }
        return written >= 0
    }

    /// A control frame carries 125 bytes, two of them the code (RFC 6455, section 5.5).
    private static func closePayload(_ code: Int, _ reason: String) -> [UInt8] {
        var text = Substring(reason)
        while text.utf8.count > 123 { text.removeLast() }
        let code = UInt16(clamping: code)
        return [UInt8(code >> 8), UInt8(code & 0xFF)] + text.utf8
    }

    // MARK: Inward

    /// Takes part of a frame; the result is a complete message, if that was its end.
    func receive(_ input: UnsafeMutableRawPointer?, _ length: Int) -> String? {
        lastHeard = .now
        guard isOpen, let wsi else { return nil }
        let outcome = assembler.append(
            UnsafeRawBufferPointer(start: input, count: input == nil ? 0 : length),
            remaining: Int(clamping: lws_remaining_packet_payload(wsi)),
            isFinal: lws_is_final_fragment(wsi) != 0,
            isBinary: lws_frame_is_binary(wsi) != 0)
        switch outcome {
        case .incomplete: return nil
        case .message(let text): return text
        case .violation(let code, let reason):
            // Replies to what came before no longer matter: the close frame goes first.
            queue.removeAll()
            close(code: code, reason: reason)
            failure = reason
            return nil
        }
    }

    func receivedPong() { lastHeard = .now }

    /// - Returns: -1 when that ends a closing handshake of ours; else the library answers it.
    func receivedClose(_ input: UnsafeMutableRawPointer?, _ length: Int) -> Int32 {
        guard peerClose == nil else { return -1 }
        let payload = Array(UnsafeRawBufferPointer(start: input, count: input == nil ? 0 : length))
        guard payload.count >= 2 else {
            peerClose = (nil, "")
            return closeIsSent ? -1 : 0
        }
        let code = Int(payload[0]) << 8 | Int(payload[1])
        peerClose = (code, String(decoding: payload.dropFirst(2), as: UTF8.self))
        return closeIsSent ? -1 : 0
    }

    // MARK: Time

    /// To be called every now and then: pings a silent peer, and cuts off one that stays silent or does not close.
    func check(_ now: ContinuousClock.Instant) {
        guard let wsi else { return }
        if let closeDeadline {
            if now >= closeDeadline { context.kill(wsi) }
        } else if failure != nil || now - lastHeard >= limits.silence {
            abandon("the peer is silent")
        } else if now - max(lastHeard, lastPing) >= limits.pingInterval {
            lastPing = now
            pingIsDue = true
            lws_callback_on_writable(wsi)
        }
    }

    /// How often ``check(_:)`` should be called.
    static func checkInterval(_ durations: Duration...) -> Duration {
        let shortest = durations.min() ?? .seconds(1)
        return max(.milliseconds(5), min(.seconds(1), shortest / 4))
    }

    /// Cuts the connection without a handshake.
    func abandon(_ reason: String) {
        guard let wsi else { return }
        failure = failure ?? reason
        context.kill(wsi)
    }
}

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
        /// For a message, from its first byte to its last; nil is as long as it takes.
        var message: Duration?
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
    private var lastReceived = ContinuousClock.now
    private var lastPing = ContinuousClock.now
    /// When the first part came of a message that has not come in full.
    private var messageBegan: ContinuousClock.Instant?
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

    /// Messages and bytes that wait for the peer to take them.
    var waiting: (messages: Int, bytes: Int) { (queue.count, queue.bytes) }

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
        lastReceived = .now
        guard isOpen, let wsi else { return nil }
        let outcome = assembler.append(
            UnsafeRawBufferPointer(start: input, count: input == nil ? 0 : length),
            remaining: Int(clamping: lws_remaining_packet_payload(wsi)),
            isFinal: lws_is_final_fragment(wsi) != 0,
            isBinary: lws_frame_is_binary(wsi) != 0)
        switch outcome {
        case .incomplete:
            messageBegan = messageBegan ?? .now
            return nil
        case .message(let text):
            messageBegan = nil
            return text
        case .violation(let code, let reason):
            // Replies to what came before no longer matter: the close frame goes first.
            queue.removeAll()
            close(code: code, reason: reason)
            failure = reason
            return nil
        }
    }

    func receivedPong() { lastReceived = .now }

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
        } else if failure != nil || now - lastReceived >= limits.silence {
            abandon("the peer is silent")
        } else if let limit = limits.message, let messageBegan, now - messageBegan >= limit {
            abandon("a message takes too long")
        } else if now - max(lastReceived, lastPing) >= limits.pingInterval {
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

/// Joins the fragments of incoming messages, and says what a peer did wrong.
struct MessageAssembler {
    enum Outcome: Equatable {
        case incomplete
        case message(String)
        /// The connection has to be closed, with this status of RFC 6455, section 7.4.1.
        case violation(code: Int, reason: String)
    }

    /// Bytes in one message.
    let limit: Int
    private var bytes: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// - Parameters:
    ///   - part: The next bytes of the message.
    ///   - remaining: Bytes of the same frame that are still to come, as its header announced them.
    ///   - isFinal: Whether the message ends here.
    mutating func append(
        _ part: UnsafeRawBufferPointer, remaining: Int, isFinal: Bool, isBinary: Bool
    ) -> Outcome {
        if isBinary { return violation(1003, "only text is understood") }
        let room = limit - bytes.count - part.count
        guard room >= 0, remaining >= 0, remaining <= room else {
            return violation(1009, "a message may have \(limit) bytes")
        }
        bytes.append(contentsOf: part)
        guard isFinal else { return .incomplete }
        defer { release() }
        guard let text = String(validating: bytes, as: UTF8.self) else { return violation(1007, "the text is not UTF-8") }
        return .message(text)
    }

    private mutating func violation(_ code: Int, _ reason: String) -> Outcome {
        bytes = []
        return .violation(code: code, reason: reason)
    }

    /// Small buffers are kept for the next message; thousands of idle connections must not each keep a large one.
    private mutating func release() {
        if bytes.capacity > 8_192 { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
    }
}

/// Texts on their way to one peer: those that wait, and the one whose end libwebsockets still holds.
struct OutgoingQueue {
    private var waiting: [String] = []
    private var next = 0
    private var waitingBytes = 0
    private var handedOver = 0

    /// Bytes that the peer has not taken yet.
    var bytes: Int { waitingBytes + handedOver }
    var isEmpty: Bool { next == waiting.count }
    /// Messages that the peer has not taken yet.
    var count: Int { waiting.count - next + (handedOver > 0 ? 1 : 0) }

    mutating func append(_ text: String) {
        waiting.append(text)
        waitingBytes += text.utf8.count
    }

    /// The next text to write. It counts as unread until ``flushed()``.
    mutating func popFirst() -> String? {
        guard next < waiting.count else { return nil }
        let text = waiting[next]
        waiting[next] = ""
        next += 1
        if next == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.capacity <= 64)
            next = 0
        } else if next >= 1_024 {
            waiting.removeFirst(next)
            next = 0
        }
        waitingBytes -= text.utf8.count
        handedOver = text.utf8.count
        return text
    }

    /// The socket took everything that was written before.
    mutating func flushed() { handedOver = 0 }

    mutating func removeAll() { self = OutgoingQueue() }
}

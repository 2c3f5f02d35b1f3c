public import EventLoop

/// One client of a ``WebSocketServer``.
@LoopActor
public final class WebSocketConnection {
    /// Unique within its server, and never used again.
    public let id: UInt64
    /// The client's `address:port`.
    public let remoteAddress: String
    /// The `Origin` that the client sent, if it is a browser.
    public let origin: String?
    let stream: FrameStream

    init(id: UInt64, remoteAddress: String, origin: String?, stream: FrameStream) {
        self.id = id
        self.remoteAddress = remoteAddress
        self.origin = origin
        self.stream = stream
    }

    /// Whether ``send(_:)`` still has an effect.
    public var isOpen: Bool { stream.isOpen }

    /// Sends a text message. It is dropped when the connection is not open; a client that does not read is cut off.
    public func send(_ text: String) { stream.send(text) }

    /// Closes after what was sent before; further calls have no effect.
    ///
    /// - Parameters:
    ///   - code: A status of RFC 6455, section 7.4: 1000 to 1011 or 3000 to 4999.
    ///   - reason: For the log of the other side; cut to 123 bytes.
    public func close(code: Int = 1000, reason: String = "") { stream.close(code: code, reason: reason) }
}

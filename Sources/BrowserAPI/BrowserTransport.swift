public import EventLoop

/// One connection that carries texts: a WebSocket, or a test's stand-in for one.
@LoopActor
public protocol BrowserTransport: AnyObject {
    /// Unique among the connections of one ``BrowserAPI``.
    var id: UInt64 { get }
    /// The peer's address, for the log.
    var remoteAddress: String { get }
    /// Sends one text; does nothing once the connection is closed.
    func send(_ text: String)
    /// - Parameter code: The WebSocket status (RFC 6455 section 7.4).
    func close(code: Int, reason: String)
}

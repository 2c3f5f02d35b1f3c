public import EventLoop

/// What a ``WebSocketServer`` asks and tells; every call comes on the loop.
@LoopActor
public protocol WebSocketServerHandler: AnyObject {
    /// Answers a plain GET or HEAD.
    func respond(to request: HTTPRequest) -> HTTPResponse

    /// A client opened a WebSocket.
    func opened(_ connection: WebSocketConnection)

    /// A complete text message came.
    func received(_ text: String, on connection: WebSocketConnection)

    /// The connection is gone, however it ended. Exactly once for each ``opened(_:)``, and nothing follows it.
    func closed(_ connection: WebSocketConnection)
}

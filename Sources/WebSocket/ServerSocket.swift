internal import EventLoop

/// What a server knows of one accepted TCP connection, from its acceptance on.
@LoopActor
final class ServerSocket {
    let id: UInt64
    let remoteAddress: String
    /// The library's side, while it can be used.
    var wsi: OpaquePointer?
    /// When it is cut off, unless it gets on: with its request, with reading a response, or with a next request.
    var deadline: ContinuousClock.Instant
    /// The body that is being sent, and how much of it was.
    var body: ArraySlice<UInt8> = []
    /// Since it became a WebSocket.
    var connection: WebSocketConnection?

    init(id: UInt64, remoteAddress: String, deadline: ContinuousClock.Instant) {
        self.id = id
        self.remoteAddress = remoteAddress
        self.deadline = deadline
    }
}

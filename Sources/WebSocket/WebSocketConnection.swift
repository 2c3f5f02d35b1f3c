public import EventLoop
internal import SIPNames

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
    /// Whether its peer has logged in: such connections are bounded apart from those of strangers.
    public var isKnown = false {
        didSet { if isKnown != oldValue { onKnown?(isKnown) } }
    }
    var onKnown: (@LoopActor (Bool) -> Void)?

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
    /// The file that the rest of the body comes from, and where that begins; nil when all of it has been read.
    var file: (source: HTTPFile, offset: Int)?
    /// Since it became a WebSocket.
    var connection: WebSocketConnection?
    let source: SourceAddress
    /// When something last came of it: its connection, a request, a part of a message.
    var lastActive = ContinuousClock.now

    init(id: UInt64, peer: SocketAddress, source: SourceAddress, deadline: ContinuousClock.Instant) {
        self.id = id
        remoteAddress = peer.description
        self.source = source
        self.deadline = deadline
    }
}

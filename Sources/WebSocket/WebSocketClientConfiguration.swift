/// What a ``WebSocketClient`` puts up with.
public struct WebSocketClientConfiguration: Sendable {
    /// Time from the first SYN to the server's 101, all addresses of the host together.
    public var handshakeTimeout: Duration
    /// Bytes in one incoming message, its fragments together; one more and the connection is closed with 1009.
    public var maximumMessageSize: Int
    /// Bytes that wait for a server that does not read; one message more and the connection is cut.
    public var maximumQueuedBytes: Int
    /// Silence after which the server is pinged.
    public var pingInterval: Duration
    /// Silence after which the server counts as gone.
    public var silenceLimit: Duration
    /// Time for the server to answer a closing handshake before the connection is cut.
    public var closeTimeout: Duration

    public init(
        handshakeTimeout: Duration = .seconds(5),
        maximumMessageSize: Int = 1024 * 1024,
        maximumQueuedBytes: Int = 8 * 1024 * 1024,
        pingInterval: Duration = .seconds(10),
        silenceLimit: Duration = .seconds(30),
        closeTimeout: Duration = .seconds(2)
    ) {
        self.handshakeTimeout = handshakeTimeout
        self.maximumMessageSize = maximumMessageSize
        self.maximumQueuedBytes = maximumQueuedBytes
        self.pingInterval = pingInterval
        self.silenceLimit = silenceLimit
        self.closeTimeout = closeTimeout
    }
}

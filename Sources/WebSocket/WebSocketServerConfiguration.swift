public import SIPNames
public import TLS

/// Where a ``WebSocketServer`` listens and what it puts up with.
public struct WebSocketServerConfiguration: Sendable {
    /// An IPv4 or IPv6 literal; an IPv6 socket takes IPv6 only.
    public var address: String
    /// The TCP port; with 0 the system picks one, see ``WebSocketServer/port``.
    public var port: Int
    /// The certificate and key with which HTTPS and WSS are served, and nothing else; nil is HTTP and WS.
    public var tls: TLSIdentity?
    /// The only path at which a WebSocket can be opened.
    public var path: String
    /// The one subprotocol that is spoken. A client that asks for none is accepted too.
    public var subprotocol: String
    /// Bytes in one incoming message, its fragments together; one more and the connection is closed with 1009.
    public var maximumMessageSize: Int
    /// Silence after which the client is pinged.
    public var pingInterval: Duration
    /// Silence after which the client counts as gone.
    public var silenceLimit: Duration
    /// WebSocket connections at one time; further upgrades get a 503.
    public var maximumConnections: Int
    /// Connections of peers that have not logged in, HTTP and WebSocket. With one more, that one of them is cut which has been idle longest; what comes from
    /// an exempt address counts in all only (``WebSocketServer/exempt``).
    public var strangers: ConnectionShares
    /// Bytes that wait for one client that does not read; one message more and the connection is cut.
    public var maximumQueuedBytes: Int
    /// Values of `Origin` that may open a WebSocket besides the server's own; `*` is every one. A client that sends no
    /// `Origin` is no browser and is let in.
    public var allowedOrigins: [String]
    /// Host names of this server. Where there are some, a page whose origin is the `Host` that it asks may connect only by one of them, or by an
    /// address: another name leads here because somebody had it lead here (DNS rebinding).
    public var hosts: [String]
    /// Time from a connection's start to its complete first request, and for a response's reader to take more of it.
    public var handshakeTimeout: Duration
    /// Time that an HTTP connection may stay idle between requests.
    public var idleTimeout: Duration
    /// Time from the first byte of a message to its last.
    public var messageTimeout: Duration
    /// Time for a client to answer a closing handshake before its connection is cut.
    public var closeTimeout: Duration

    public init(
        address: String = "127.0.0.1",
        port: Int = 0,
        tls: TLSIdentity? = nil,
        path: String = "/api",
        subprotocol: String = "tern",
        maximumMessageSize: Int = 64 * 1024,
        pingInterval: Duration = .seconds(20),
        silenceLimit: Duration = .seconds(60),
        maximumConnections: Int = 10_000,
        strangers: ConnectionShares = ConnectionShares(perAddress: 64, perNetwork: 256, inAll: 2_000),
        maximumQueuedBytes: Int = 4 * 1024 * 1024,
        allowedOrigins: [String] = [],
        hosts: [String] = [],
        handshakeTimeout: Duration = .seconds(10),
        idleTimeout: Duration = .seconds(15),
        messageTimeout: Duration = .seconds(30),
        closeTimeout: Duration = .seconds(2)
    ) {
        self.address = address
        self.port = port
        self.tls = tls
        self.path = path
        self.subprotocol = subprotocol
        self.maximumMessageSize = maximumMessageSize
        self.pingInterval = pingInterval
        self.silenceLimit = silenceLimit
        self.maximumConnections = maximumConnections
        self.strangers = strangers
        self.maximumQueuedBytes = maximumQueuedBytes
        self.allowedOrigins = allowedOrigins
        self.hosts = hosts
        self.handshakeTimeout = handshakeTimeout
        self.idleTimeout = idleTimeout
        self.messageTimeout = messageTimeout
        self.closeTimeout = closeTimeout
    }
}

public import SIPNames

/// Where a request is sent, whatever its Request-URI and Route say: the outcome of RFC 3263, or a flow.
public struct SIPHop: Hashable, Sendable, CustomStringConvertible {
    public var transport: ListenAddress.Transport
    /// Numeric, without brackets.
    public var address: String
    public var port: Int
    /// The name that the server's certificate has to have, where the transport is TLS.
    public var serverName: String?
    /// The flow that it is: its connection is used, or the request fails (RFC 5626 section 5.3).
    public let flow: SIPFlow?

    public init(transport: ListenAddress.Transport, address: String, port: Int, serverName: String? = nil) {
        self.transport = transport
        self.address = address
        self.port = port
        self.serverName = serverName
        flow = nil
    }

    /// Back by the way that a request came.
    public init(_ flow: SIPFlow) {
        transport = flow.transport
        address = flow.peerAddress
        port = flow.peerPort
        serverName = nil
        self.flow = flow
    }

    /// `tcp:192.0.2.1:5060`.
    public var description: String {
        ListenAddress(transport: transport, address: address, port: port).description
    }

    /// As Sofia takes it.
    var uri: String {
        "sip:\(ListenAddress(transport: transport, address: address, port: port).hostAndPort);transport=\(transport.rawValue)"
    }

    /// Nil when ``address`` is not numeric, or ``port`` is no port.
    var socketAddress: SocketAddress? { port > 0 ? SocketAddress(address: address, port: port) : nil }
}

/// The host of a URI that a request goes to, where it is a name: what is left to find out by RFC 3263.
public struct SIPServerName: Hashable, Sendable {
    /// A domain name in lower case.
    public var host: String
    /// Nil where the URI has none, so that SRV records count.
    public var port: Int?
    /// Nil where the URI does not say.
    public var transport: ListenAddress.Transport?

    public init(host: String, port: Int? = nil, transport: ListenAddress.Transport? = nil) {
        self.host = host
        self.port = port
        self.transport = transport
    }
}

/// Finds the numeric next hops for a name, the best first; none when there are none. It may take its time, off the loop, and is
/// cancelled when that is over.
public typealias SIPNameResolver = @Sendable (SIPServerName) async -> [SIPHop]

/// The way by which a request came: the transport, where the peer really is, and which of our addresses it reached.
///
/// A peer behind NAT can be reached only by this way back: over UDP from the same port of ours, over a connection by the
/// connection itself (RFC 5626 section 3.1). It is a value that outlives the connection, and can be stored as its
/// ``description``.
public struct SIPFlow: Hashable, Sendable, CustomStringConvertible {
    public let transport: ListenAddress.Transport
    /// The peer's numeric address, without brackets.
    public let peerAddress: String
    public let peerPort: Int
    /// Where we listen.
    public let listener: ListenAddress

    /// Nil when the peer's address is not numeric, or its port is none.
    public init?(transport: ListenAddress.Transport, peerAddress: String, peerPort: Int, listener: ListenAddress) {
        guard peerPort > 0, let address = SocketAddress(address: peerAddress, port: peerPort) else { return nil }
        self.init(transport, address, at: listener.address, port: listener.port)
    }

    init(_ transport: ListenAddress.Transport, _ peer: SocketAddress, at address: String, port: Int) {
        self.transport = transport
        peerAddress = peer.address
        peerPort = peer.port
        listener = ListenAddress(transport: transport, address: address, port: port)
    }

    /// `192.0.2.1:5060`, `[2001:db8::1]:5060`.
    public var peer: String {
        ListenAddress(transport: transport, address: peerAddress, port: peerPort).hostAndPort
    }

    /// `tcp/192.0.2.1:49152/198.51.100.1:5060`: transport, peer, listener.
    public var description: String { "\(transport.rawValue)/\(peer)/\(listener.hostAndPort)" }

    /// What ``description`` gave; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let transport = ListenAddress.Transport(rawValue: parts[0]),
            let peer = SocketAddress(parts[1]), peer.port > 0,
            let listener = SocketAddress(parts[2]), listener.port > 0
        else { return nil }
        self.init(transport, peer, at: listener.address, port: listener.port)
        guard description == text else { return nil }
    }
}

public import SIPNames

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

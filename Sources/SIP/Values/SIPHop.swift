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

public import SIPNames

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

public import SIPNames
public import TLS

/// Everything that can be set on a ``SIPEndpoint``.
public struct SIPEndpointConfiguration: Sendable {
    /// Addresses to listen on. UDP and TCP on one address and port share a stack, so that a request too big for a
    /// datagram goes by TCP (RFC 3261 section 18.1.1).
    public var listen: [ListenAddress]
    /// What listeners with TLS show and believe; there can be none without it.
    public var tls: TLSEndpointContext.Settings?
    /// What others are told in place of our IPv4 address; nil where no NAT is before us.
    public var nat: NATMapping?
    /// Host part of our own From URIs, and of Warning headers.
    public var domain: String
    /// User-Agent header of requests and responses.
    public var userAgent: String
    /// Session interval that we ask for, in seconds (RFC 4028 section 4); 0 turns session timers off.
    public var sessionExpires: Int = 1_800
    /// Smallest session interval that we accept, in seconds; less is answered 422 (RFC 4028 section 5).
    public var minimumSessionExpires: Int = 90
    /// Whether our INVITEs say `Supported: 100rel`, where the request does not say itself (RFC 3262).
    ///
    /// After the first reliable provisional response Sofia listens to that fork only: behind a proxy that forks to phones
    /// which send them, turn it off.
    public var offersReliableProvisionals: Bool = true
    /// Legs at once; a further INVITE is answered 503 with ``overloadRetryAfter``.
    public var maximumLegs: Int = 10_000
    /// TCP and TLS connections to our listeners that there may be; at most an eighth of the descriptors that the process may have for a subscriber, a
    /// quarter for a network, and half in all. What is beyond is closed.
    public var connections = ConnectionShares(perAddress: 1_000, perNetwork: 2_000, inAll: 20_000)
    /// When new calls are refused because of the load.
    public var overload = OverloadControl.Limits()
    /// Seconds in the Retry-After of that 503.
    public var overloadRetryAfter: Int = 5
    /// Largest body that is looked at, in bytes; a bigger one is answered 413.
    public var maximumBodySize: Int = 65_536
    /// Bytes of datagrams that the system keeps for us in each direction, as far as its own bounds allow
    /// (net.core.rmem_max and wmem_max); 0 leaves it at the system's default. What comes over that is lost.
    public var datagramBuffer: Int = 4_194_304
    /// How long an incoming call may wait for its first `ring`, `answer` or `reject`.
    public var decisionLimit: Duration = .seconds(30)
    /// How long a call may ring, in either direction, whatever the core does.
    public var ringingLimit: Duration = .seconds(600)
    /// RFC 3261's T1: the first retransmission interval.
    public var t1: Duration = .milliseconds(500)
    /// 64 × T1: timers B, F, H and J of RFC 3261 (no answer, no ACK). Shorter ones are for tests.
    public var t1x64: Duration = .seconds(32)
    /// How long a connection may be silent before it is closed. A request within a dialog opens a new one.
    public var idleConnectionLimit: Duration = .seconds(1_800)
    /// How often an empty line goes over a TCP connection on which we say nothing else (RFC 5626 section 3.5.1): NATs and
    /// firewalls forget a silent one. 0 sends none.
    public var keepaliveInterval: Duration = .seconds(60)
    /// How long the next piece of a message may take to come over TCP: then what there is of it is forgotten.
    public var partialMessageLimit: Duration = .seconds(10)
    /// How long a whole message may take to come over a connection, which is closed then.
    public var messageLimit: Duration = .seconds(30)
    /// Resolves the names of next hops; without it there is no way to a name. Sofia's own resolver is not used.
    public var resolve: SIPNameResolver?
    /// How long a name may take to be resolved.
    public var resolveLimit: Duration = .seconds(5)
    /// How long a next hop of a call may take to its first response, where there is another one.
    public var hopLimit: Duration = .seconds(8)
    /// How long ``SIPEndpoint/stop()`` waits for its CANCELs and BYEs to be answered.
    public var stopLimit: Duration = .seconds(2)

    public init(listen: [ListenAddress], domain: String, userAgent: String = "Tern") {
        self.listen = listen
        self.domain = domain
        self.userAgent = userAgent
    }
}

/// Why the endpoint did not start.
public enum SIPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nothing to listen on was configured.
    case nothingToListenOn
    /// The address is not a numeric IP address, or the port is not one.
    case badAddress(ListenAddress)
    /// The operating system refused the socket: in use, not of this host, not permitted.
    case cannotListen(ListenAddress, reason: String)
    /// Sofia could not be set up, for lack of memory or descriptors.
    case stackFailed
    /// A listener with TLS has no certificate, or OpenSSL does not take it; the text says which and why.
    case tls(String)
    case alreadyStarted

    public var description: String {
        switch self {
        case .nothingToListenOn: "no address to listen on"
        case .badAddress(let address): "\(address) is not a numeric address and a port"
        case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
        case .stackFailed: "the SIP stack could not be set up"
        case .tls(let text): text
        case .alreadyStarted: "the endpoint runs already"
        }
    }
}

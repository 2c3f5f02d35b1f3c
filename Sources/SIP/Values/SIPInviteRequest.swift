/// A call to be made.
public struct SIPInviteRequest: Sendable {
    /// Request-URI and next hop: `sip:bob@192.0.2.1:5062;transport=tcp`.
    public var target: String
    /// User part of the From URI.
    public var fromUser: String
    /// Host of the From URI; the endpoint's domain when nil.
    public var fromDomain: String?
    public var displayName: String?
    /// To URI; ``target`` without its parameters when nil.
    public var to: String?
    /// The offer. Without one the callee offers, and the answer goes out by ``SIPEndpoint/acknowledge(_:sdp:)``.
    public var sdp: String?
    /// Header fields to be added, in order: name and value. Line ends in them become spaces.
    public var headers: [(name: String, value: String)]
    /// An extension that the callee has to know, or else refuse with 420 (RFC 3261 section 20.32).
    public var required: String?
    /// Where to send the request instead of the target's own host: a `sip:` URI (loose route, RFC 3261 section 8.1.2).
    public var route: String?
    /// The Route set that the INVITE starts with, the next hop first: the URIs of a stored Path (RFC 3327 section 5.3), at
    /// most 16. Instead of ``route``; without ``hop`` the first one is the next hop.
    public var routes: [String] = []
    /// Where to send the request, without a Route header and whatever ``target`` says; so go the CANCEL and, over a flow, what
    /// follows in the dialog. A flow whose connection is gone is `rejected` 430 (RFC 5626 section 5.3).
    public var hop: SIPHop?
    /// Max-Forwards; 70 when nil. A B2BUA hands on the caller's, less one.
    public var maxForwards: Int?
    /// Whether reliable provisional responses are offered; nil leaves it to
    /// ``SIPEndpointConfiguration/offersReliableProvisionals``. Never without ``sdp``: their offer would have to be answered
    /// in the PRACK.
    public var offersReliableProvisionals: Bool?
    /// The hops to try when ``hop`` fails, in order (RFC 3263 section 4.3): when it is silent for
    /// ``SIPEndpointConfiguration/hopLimit``, cannot be reached, or answers 503.
    public var alternatives: [SIPHop] = []
    /// How long a hop, the last one too, may take until it sends 101 to 199 or a final response; else the call is `rejected` 408. Neither 100 nor a
    /// challenge prolongs it. Nil leaves it to ``SIPEndpointConfiguration/hopLimit``, which 100 ends, and for the last hop to the transaction (32 s).
    public var silenceLimit: Duration?
    /// How long a hop, the last one too, may say nothing at all, not even 100; else the call is `rejected` 408. Nothing to a call with a ``silenceLimit``.
    public var firstResponseLimit: Duration?
    /// Whether another hop is tried after any 5xx.
    public var failsOverOn5xx = false
    /// Answers challenges to the INVITE and to what follows in its dialog; without it they are `rejected`.
    public var authorize: SIPAuthorizer?

    public init(
        target: String, fromUser: String, fromDomain: String? = nil, displayName: String? = nil, to: String? = nil,
        sdp: String?, headers: [(name: String, value: String)] = [], route: String? = nil, hop: SIPHop? = nil,
        maxForwards: Int? = nil
    ) {
        self.target = target
        self.fromUser = fromUser
        self.fromDomain = fromDomain
        self.displayName = displayName
        self.to = to
        self.sdp = sdp
        self.headers = headers
        self.route = route
        self.hop = hop
        self.maxForwards = maxForwards
    }
}

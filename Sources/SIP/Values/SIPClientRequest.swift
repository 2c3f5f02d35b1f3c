/// A request outside of dialogs that we send: to register with somebody else's registrar, or to see whether a peer is there.
public struct SIPClientRequest: Sendable {
    public enum Method: String, Sendable {
        /// RFC 3261 section 10.2.
        case register = "REGISTER"
        /// RFC 3261 section 11.
        case options = "OPTIONS"
    }

    public var method: Method
    /// The Request-URI, a `sip:` URI: of a registrar without a user part.
    public var target: String
    /// Where to send it; ``target``'s own address when nil.
    public var hop: SIPHop?
    /// From URI; also the To URI when ``to`` is nil.
    public var from: String
    /// To URI: whose contacts a REGISTER is about.
    public var to: String?
    public var displayName: String?
    /// User part of our Contact, whose address is where we listen towards the hop.
    public var contactUser: String
    /// Seconds of an Expires header; 0 takes the contact away. Nil leaves it out.
    public var expires: Int?
    /// Header fields to be added, in order; those that the endpoint writes itself are left out.
    public var headers: [(name: String, value: String)]
    /// Requests with one key have one Call-ID, and a CSeq that rises from one to the next: a registration and its refreshes
    /// (RFC 3261 section 10.2). Nil makes a Call-ID of its own.
    public var key: String?
    /// Answers challenges.
    public var authorize: SIPAuthorizer?
    /// How long each try may wait for its final response.
    public var timeout: Duration

    public init(
        _ method: Method, target: String, hop: SIPHop? = nil, from: String, to: String? = nil, displayName: String? = nil,
        contactUser: String = "", expires: Int? = nil, headers: [(name: String, value: String)] = [], key: String? = nil,
        authorize: SIPAuthorizer? = nil, timeout: Duration = .seconds(32)
    ) {
        self.method = method
        self.target = target
        self.hop = hop
        self.from = from
        self.to = to
        self.displayName = displayName
        self.contactUser = contactUser
        self.expires = expires
        self.headers = headers
        self.key = key
        self.authorize = authorize
        self.timeout = timeout
    }
}

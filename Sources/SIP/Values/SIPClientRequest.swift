internal import EventLoop

/// A request outside of dialogs that we send: to register with somebody else's registrar, to see whether a peer is there, or to report to it.
public struct SIPClientRequest: Sendable {
    public enum Method: String, Sendable {
        /// RFC 3261 section 10.2.
        case register = "REGISTER"
        /// RFC 3261 section 11.
        case options = "OPTIONS"
        /// RFC 3903: the state of an event package, in the body.
        case publish = "PUBLISH"
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
    /// The body of a PUBLISH with its media type.
    public var body: (type: String, text: String)?
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

/// What became of a ``SIPClientRequest``.
public struct SIPClientOutcome: Hashable, Sendable {
    /// The final status; 408 when none came in time, 503 when the request could not be sent, 487 when it was given up.
    public var status: Int
    public var phrase: String
    /// Whether the peer said so: otherwise we did.
    public var isFromPeer: Bool
    /// The bindings in a 2xx to a REGISTER, ours and those of others (RFC 3261 section 10.3), at most ``mostContacts``.
    public var contacts: [Contact] = []
    /// The URI of the Contact that the request had.
    public var ownContact = ""
    /// Seconds of the Expires header of a 2xx.
    public var expires: Int?
    /// Seconds of the Min-Expires header of a 423.
    public var minExpires: Int?
    /// Seconds of the Retry-After header.
    public var retryAfter: Int?
    public var reason: SIPReason?

    /// More are not read.
    public static let mostContacts = 64

    /// A binding that the registrar has.
    public struct Contact: Hashable, Sendable {
        public var uri: String
        /// Seconds: the contact's own, or those of the Expires header. What is no number counts as none.
        public var expires: Int?

        public init(uri: String, expires: Int?) {
            self.uri = uri
            self.expires = expires
        }
    }

    public init(status: Int, phrase: String, isFromPeer: Bool) {
        self.status = status
        self.phrase = phrase
        self.isFromPeer = isFromPeer
    }
}

/// What a server or proxy asks for before it serves a request (RFC 3261 section 22).
public struct SIPChallenge: Hashable, Sendable {
    /// 401 of a server, 407 of a proxy.
    public var status: Int
    public var method: String
    /// As it stands in the request line.
    public var requestURI: String
    /// The WWW-Authenticate values of a 401, the Proxy-Authenticate values of a 407, of one realm, in their order: `Digest realm="…", …`. Those
    /// that refuse what was answered before are left out.
    ///
    /// At most ``most``, each with at most 32 parameters of 1,024 bytes.
    public var values: [String]
    /// 1 for the first 401 or 407 to the request.
    public var attempt: Int

    /// More challenges than this in one response are not looked at.
    public static let most = 8

    public init(status: Int, method: String, requestURI: String, values: [String], attempt: Int) {
        self.status = status
        self.method = method
        self.requestURI = requestURI
        self.values = values
        self.attempt = attempt
    }
}

/// Answers the challenges of one realm with the value of the Authorization or Proxy-Authorization header, `Digest …`; nil has nothing for it, and
/// where no realm is answered the request has failed with the challenge's status. Of one request a realm is asked for at most twice, the second time
/// for another or a stale nonce, and five responses with challenges are answered.
public typealias SIPAuthorizer = @LoopActor @Sendable (SIPChallenge) -> String?

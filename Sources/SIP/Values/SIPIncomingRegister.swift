public import EventLoop

/// What a REGISTER said (RFC 3261 section 10.3), copied out of Sofia's message.
///
/// Nothing in it was cut: what is too long or too much was refused before.
public struct SIPIncomingRegister: Hashable, Sendable {
    public var requestURI: String
    public var requestHost: String
    public var from: SIPParty
    /// The address-of-record.
    public var to: SIPParty
    /// The contacts in their order, without `*`.
    public var contacts: [Contact]
    /// Whether there is a Contact `*`, which removes all (RFC 3261 section 10.2.2).
    public var isWildcard: Bool
    /// Seconds of the Expires header; nil when there is none.
    public var expires: UInt32?
    public var callID: String
    public var cSeq: UInt32
    /// The URIs of the Path headers, the topmost first: what ``SIPInviteRequest/routes`` is to be (RFC 3327 section 5).
    public var path: [String]
    /// Whether the phone knows what a Path is (`Supported: path`).
    public var supportsPath: Bool
    public var userAgent: String?
    /// The way by which the phone is reached.
    public var flow: SIPFlow
    /// The values of Authorization and Proxy-Authorization headers.
    public var authorizations: [String]

    /// One contact of a REGISTER.
    public struct Contact: Hashable, Sendable {
        /// A `sip:` or `sips:` URI with its parameters, at most 1,024 bytes.
        public var uri: String
        /// The preference in thousandths, 0 to 1,000.
        public var q: Int
        /// Seconds of its `expires` parameter; nil when there is none, 3,600 when it is no number (RFC 3261 section 10.2.1.1).
        public var expires: UInt32?
        /// The URI's `transport` parameter, in lower case.
        public var transport: String?
        /// Which phone it is, whatever its address: `<urn:uuid:…>`, without quotes (RFC 5626 section 4.1).
        public var instance: String?
        /// Which of its flows it is (RFC 5626 section 4.2).
        public var registrationID: UInt32?

        public init(
            uri: String, q: Int = 1_000, expires: UInt32? = nil, transport: String? = nil, instance: String? = nil,
            registrationID: UInt32? = nil
        ) {
            self.uri = uri
            self.q = q
            self.expires = expires
            self.transport = transport
            self.instance = instance
            self.registrationID = registrationID
        }
    }

    public init(
        requestURI: String, requestHost: String, from: SIPParty, to: SIPParty, contacts: [Contact], isWildcard: Bool = false,
        expires: UInt32? = nil, callID: String, cSeq: UInt32, path: [String] = [], supportsPath: Bool = false,
        userAgent: String? = nil, flow: SIPFlow, authorizations: [String] = []
    ) {
        self.requestURI = requestURI
        self.requestHost = requestHost
        self.from = from
        self.to = to
        self.contacts = contacts
        self.isWildcard = isWildcard
        self.expires = expires
        self.callID = callID
        self.cSeq = cSeq
        self.path = path
        self.supportsPath = supportsPath
        self.userAgent = userAgent
        self.flow = flow
        self.authorizations = authorizations
    }
}

/// The answer that a REGISTER waits for.
///
/// Where the core never gives it, 503 is sent after ``SIPEndpointConfiguration/decisionLimit``.
@LoopActor
public final class SIPRegisterReply {
    private var send: (@LoopActor (SIPResponse, [String]) -> Void)?

    init(_ send: @escaping @LoopActor (SIPResponse, [String]) -> Void) {
        self.send = send
    }

    /// Sends the response; a second one, or one that comes too late, is dropped.
    ///
    /// - Parameters:
    ///   - response: 200 to 699 as they are, anything else as 500.
    ///   - contacts: Values of the Contact header, one each: `<sip:alice@192.0.2.1>;expires=3600`.
    public func respond(_ response: SIPResponse, contacts: [String] = []) {
        send?(response, contacts)
        send = nil
    }
}

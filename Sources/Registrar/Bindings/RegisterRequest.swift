/// What a REGISTER says, after its sender was authenticated and found to be allowed to register for `user` (RFC 3261 10.3,
/// steps 1 to 5, are not the registrar's).
public struct RegisterRequest: Sendable, Equatable {
    /// One Contact of the request.
    public struct Contact: Sendable, Equatable {
        /// The URI without angle brackets.
        public var uri: String
        /// Parameter `q` in thousandths.
        public var q: Int?
        /// Parameter `expires` in seconds; an hour where it is no number (RFC 3261 20.10).
        public var expires: Int?
        /// Parameter `+sip.instance` as it was written, without quotes (RFC 5626 4.1).
        public var instance: String?
        /// Parameter `reg-id` (RFC 5626 4.2).
        public var registrationID: Int?

        public init(
            _ uri: String, q: Int? = nil, expires: Int? = nil, instance: String? = nil, registrationID: Int? = nil
        ) {
            self.uri = uri
            self.q = q
            self.expires = expires
            self.instance = instance
            self.registrationID = registrationID
        }
    }

    /// The address of record, as the name of one of our users.
    public var user: String
    /// Without any, and without `isWildcard`, the request asks for what there is.
    public var contacts: [Contact]
    /// `Contact: *`.
    public var isWildcard = false
    /// Header Expires in seconds.
    public var expires: Int?
    public var callID: String
    public var cSeq: UInt32
    /// Header Path, the topmost URI first (RFC 3327).
    public var path: [String] = []
    /// The flow that the request came by, as an opaque text.
    public var flow: String
    /// Header User-Agent.
    public var userAgent: String?
    /// The address that the request came from, for people.
    public var received: String

    public init(
        user: String, contacts: [Contact] = [], isWildcard: Bool = false, expires: Int? = nil, callID: String, cSeq: UInt32,
        path: [String] = [], flow: String, userAgent: String? = nil, received: String = ""
    ) {
        self.user = user
        self.contacts = contacts
        self.isWildcard = isWildcard
        self.expires = expires
        self.callID = callID
        self.cSeq = cSeq
        self.path = path
        self.flow = flow
        self.userAgent = userAgent
        self.received = received
    }
}

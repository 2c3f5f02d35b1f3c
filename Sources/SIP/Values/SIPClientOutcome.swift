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

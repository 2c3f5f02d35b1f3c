/// A final response, as the core wants it sent: other than 2xx to an INVITE.
public struct SIPResponse: Hashable, Sendable {
    /// 300 to 699, to a REGISTER also 2xx; anything else is sent as 500.
    public var status: Int
    /// The reason phrase; RFC 3261's own for the status when nil.
    public var phrase: String?
    /// Text of a `Warning: 399` header that says what was wrong (RFC 3261 section 20.43).
    public var warning: String?
    /// Seconds for a Retry-After header (RFC 3261 section 20.33).
    public var retryAfter: Int?
    public var reason: SIPReason?
    /// The URIs of a Contact header, for a 3xx only (RFC 3261 section 20.10).
    public var contacts: [String] = []
    /// Header fields to be added, in order: WWW-Authenticate, Min-Expires, Path … Line ends in them become spaces; those that
    /// the endpoint writes itself are left out.
    public var headers: [(name: String, value: String)]

    public init(
        status: Int, phrase: String? = nil, warning: String? = nil, retryAfter: Int? = nil, reason: SIPReason? = nil,
        headers: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.phrase = phrase
        self.warning = warning
        self.retryAfter = retryAfter
        self.reason = reason
        self.headers = headers
    }

    public static func == (one: SIPResponse, other: SIPResponse) -> Bool {
        one.status == other.status && one.phrase == other.phrase && one.warning == other.warning
            && one.retryAfter == other.retryAfter && one.reason == other.reason && one.contacts == other.contacts
            && one.headers.elementsEqual(other.headers) { $0 == $1 }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(status)
        hasher.combine(phrase)
        hasher.combine(warning)
        hasher.combine(retryAfter)
        hasher.combine(reason)
        hasher.combine(contacts)
        for header in headers {
            hasher.combine(header.name)
            hasher.combine(header.value)
        }
    }
}

/// A Reason header (RFC 3326): why a CANCEL, a BYE or a response was sent.
public struct SIPReason: Hashable, Sendable {
    /// `SIP`, `Q.850` or another registered protocol.
    public var protocolName: String
    /// A status code for `SIP`, a cause value for `Q.850`.
    public var cause: Int?
    public var text: String?

    public init(protocolName: String = "SIP", cause: Int?, text: String?) {
        self.protocolName = protocolName
        self.cause = cause
        self.text = text
    }

    /// Another fork answered (RFC 3326 section 2, example of HERFP).
    public static let answeredElsewhere = SIPReason(cause: 200, text: "Call completed elsewhere")
}

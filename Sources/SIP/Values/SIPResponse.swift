/// A final response other than 2xx, as the core wants it sent.
public struct SIPResponse: Hashable, Sendable {
    /// 300 to 699; anything else is sent as 500.
    public var status: Int
    /// The reason phrase; RFC 3261's own for the status when nil.
    public var phrase: String?
    /// Text of a `Warning: 399` header that says what was wrong (RFC 3261 section 20.43).
    public var warning: String?
    /// Seconds for a Retry-After header (RFC 3261 section 20.33).
    public var retryAfter: Int?
    public var reason: SIPReason?

    public init(
        status: Int, phrase: String? = nil, warning: String? = nil, retryAfter: Int? = nil, reason: SIPReason? = nil
    ) {
        self.status = status
        self.phrase = phrase
        self.warning = warning
        self.retryAfter = retryAfter
        self.reason = reason
    }
}

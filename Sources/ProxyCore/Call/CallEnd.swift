/// How a call ended, or one of its legs.
public struct CallEnd: Sendable, Equatable {
    /// Who brought it about.
    public enum Party: String, Sendable, Equatable {
        case caller, callee, gateway
    }

    /// The SIP status that says it (RFC 3261 section 21); 200 for a call that was answered and hung up.
    public let status: Int
    /// A sentence or the phrase of the response.
    public let reason: String
    public let by: Party
    /// Seconds after which another attempt makes sense (RFC 3261 section 20.33).
    public let retryAfter: Int?

    public init(status: Int, reason: String, by: Party, retryAfter: Int? = nil) {
        self.status = status
        self.reason = reason
        self.by = by
        self.retryAfter = retryAfter
    }

    /// Hung up after it had been answered.
    public static func normal(by party: Party) -> CallEnd {
        CallEnd(status: 200, reason: "Normal call clearing", by: party)
    }

    /// The caller gave up while it rang.
    public static let cancelled = CallEnd(status: 487, reason: "Request Terminated", by: .caller)
    /// Nobody answered in time.
    public static let noAnswer = CallEnd(status: 480, reason: "No answer", by: .gateway)
    /// The called user is known, but is nowhere to be reached.
    public static let notReachable = CallEnd(status: 480, reason: "Temporarily Unavailable", by: .gateway)
    /// Somebody else of those who were called has it.
    public static let answeredElsewhere = CallEnd(status: 200, reason: "Call completed elsewhere", by: .callee)

    public static func failed(_ failure: SessionFailure) -> CallEnd {
        CallEnd(
            status: failure.sipStatus, reason: failure.reason, by: .gateway,
            retryAfter: failure.sipStatus == 503 ? 5 : nil)
    }
}

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
    /// Where a called party says that it is instead, with a status of 3xx: URIs, the most wanted first.
    public let contacts: [String]
    /// What a party said itself about why, to be passed on as it is.
    public let cause: Cause?
    /// Whether `reason` was written to be the phrase of the response.
    public let isPhrase: Bool
    /// The `code` of the clients' events: a code of the client's own choice, else `status`.
    public let code: Int

    /// The content of a Reason header (RFC 3326).
    public struct Cause: Sendable, Equatable {
        /// `SIP`, `Q.850` or another registered protocol.
        public let protocolName: String
        public let value: Int?
        public let text: String?

        public init(protocolName: String, value: Int?, text: String?) {
            self.protocolName = protocolName
            self.value = value
            self.text = text
        }
    }

    public init(
        status: Int, reason: String, by: Party, retryAfter: Int? = nil, cause: Cause? = nil, isPhrase: Bool = false,
        contacts: [String] = [], code: Int? = nil
    ) {
        self.code = code ?? status
        self.contacts = contacts
        self.status = status
        self.reason = reason
        self.by = by
        self.retryAfter = retryAfter
        self.cause = cause
        self.isPhrase = isPhrase
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
    /// The other side goes on with somebody else.
    public static let transferred = CallEnd(status: 200, reason: "Transferred", by: .gateway)
    /// Somebody else of those who were called has it.
    public static let answeredElsewhere = CallEnd(status: 200, reason: "Call completed elsewhere", by: .callee)

    /// Whether somebody else of those who were called has it: of our own, or, by the Reason of the caller's CANCEL (RFC 3326), of a forking proxy's.
    public var isAnsweredElsewhere: Bool {
        self == .answeredElsewhere || (status == 487 && cause?.protocolName.lowercased() == "sip" && cause?.value == 200)
    }

    /// The session ended by itself. A media server that was lost is back in seconds.
    init(_ end: SessionEnd) {
        self.init(status: end.code, reason: end.reason, by: .gateway, retryAfter: end.code == 503 ? 5 : nil)
    }

    public static func failed(_ failure: SessionFailure) -> CallEnd {
        CallEnd(
            status: failure.sipStatus, reason: failure.reason, by: .gateway,
            retryAfter: failure.sipStatus == 503 ? 5 : nil)
    }
}

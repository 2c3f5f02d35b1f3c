public import SIPNames

/// A contact of a user: where it can be reached, and until when.
public struct Binding: Sendable, Equatable {
    /// Stays the same while a phone refreshes its registration or moves; never used again in the life of a process.
    public var id: Int64
    /// The address of record, as the name of one of our users.
    public var user: String
    public var contact: SIPURI
    /// In thousandths; nil where the phone gave none.
    public var q: Int?
    /// When it ends, unless it is refreshed.
    public var expires: ContinuousClock.Instant
    /// When it was registered or refreshed last.
    public var updated: ContinuousClock.Instant
    public var callID: String
    public var cSeq: UInt32
    /// URIs that a request to the contact must go through, the first one first (RFC 3327 5.3).
    public var path: [String]
    /// The flow that the phone registered over.
    public var flow: String
    public var userAgent: String?
    /// The address that the phone registered from, for people.
    public var received: String
    /// The phone's own identity (RFC 5626 4.1).
    public var instance: String?
    /// Which of its flows this is (RFC 5626 4.2).
    public var registrationID: Int?

    public init(
        id: Int64, user: String, contact: SIPURI, q: Int? = nil, expires: ContinuousClock.Instant, updated: ContinuousClock.Instant, callID: String,
        cSeq: UInt32, path: [String], flow: String, userAgent: String? = nil, received: String, instance: String? = nil, registrationID: Int? = nil
    ) {
        self.id = id
        self.user = user
        self.contact = contact
        self.q = q
        self.expires = expires
        self.updated = updated
        self.callID = callID
        self.cSeq = cSeq
        self.path = path
        self.flow = flow
        self.userAgent = userAgent
        self.received = received
        self.instance = instance
        self.registrationID = registrationID
    }

    /// Whole seconds until it ends, rounded up, as a response has them; 0 when it has ended.
    public func remainingSeconds(at now: ContinuousClock.Instant) -> Int {
        let (seconds, attoseconds) = (expires - now).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return Int(seconds) + (attoseconds > 0 ? 1 : 0)
    }

    func isAlive(at now: ContinuousClock.Instant) -> Bool { expires > now }
}

/// What happened to a binding.
public struct BindingChange: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// It is new.
        case registered
        /// It is good for longer, or the phone has moved.
        case refreshed
        /// It is gone.
        case unregistered(Reason)
    }

    /// Why a binding is gone.
    public enum Reason: String, Sendable {
        /// The phone said so.
        case unregistered
        /// It was not refreshed in time.
        case expired
        /// The connection that it was registered over is closed.
        case flowClosed = "flow closed"
        /// The same phone has registered another contact.
        case replaced
        /// The same phone has registered at another node of the cluster, or has unregistered there.
        case moved = "registered at another node"
    }

    public var kind: Kind
    /// As it is now, or as it was at its end.
    public var binding: Binding
}

internal import SIPNames

/// Slows down and bans those who guess passwords: by the user whose password is guessed together with the source address, and by the address alone
/// where it tries many users.
///
/// A failure is a wrong proof; a request without credentials, which is challenged, is none. Addresses count as ``SourceAddress`` says. Where an address stands for
/// many there is none: then the user alone counts. A user is only ever slowed down: a ban would give everybody the means to shut out anybody.
/// For the same reason no user is banned from an address where it has proven its password within the day: behind a NAT others have that address, too.
///
/// A failure counts for a minute, and success takes nothing back: else one account of one's own would pay for guesses at
/// others. A source address that can be forged must not be counted: bind nonces to it, see ``NonceAuthority``.
public struct FailureLimiter: Sendable {
    public struct Configuration: Sendable {
        /// How long a failure counts.
        public var window: Duration = .seconds(60)
        /// Failures in that time after which answers are delayed.
        public var delayAfter = 5
        /// The first delay; it doubles with each further failure.
        public var firstDelay: Duration = .milliseconds(500)
        /// The longest delay. Much longer, and phones would send again, or give up on the request.
        public var longestDelay: Duration = .seconds(8)
        /// Failures in that time after which a user is banned from an address, and an address that has tried many users.
        public var banAfter = 20
        /// Users that an address has tried in that time to be banned itself.
        public var manyUsers = 10
        public var banTime: Duration = .seconds(600)
        /// How long a proven password keeps its user from being banned at an address.
        public var proofTime: Duration = .seconds(86_400)
        /// Addresses, users, pairs of both, and proofs that are remembered.
        public var maximumEntries = 10_000

        public init() {}
    }

    /// What is to be done with the answer.
    public enum Verdict: Sendable, Hashable {
        /// Give it.
        case allow
        /// Give it after this time.
        case delay(Duration)
        /// Treat the request as one without credentials.
        case banned(until: ContinuousClock.Instant)
    }

    /// An address, or a user at an address, whose credentials are not looked at.
    public struct Ban: Sendable, Hashable {
        /// As ``SourceAddress`` prints it: `192.0.2.1`, `2001:db8::/64`.
        public let source: String
        /// The user who is banned at this address; nil where all are.
        public let user: String?
        public let until: ContinuousClock.Instant
        /// Wrong credentials within ``Configuration/window``.
        public let failures: Int
    }

    private let configuration: Configuration
    private var addresses: FailureTable<String>
    private var users: FailureTable<String>
    private var pairs: FailureTable<Login>
    private var proofs = ProofTable()

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        addresses = FailureTable(limit: configuration.maximumEntries, window: configuration.window)
        users = FailureTable(limit: configuration.maximumEntries, window: configuration.window)
        pairs = FailureTable(limit: configuration.maximumEntries, window: configuration.window)
    }

    /// What holds for a request with credentials, before these are looked at.
    ///
    /// - Parameters:
    ///   - address: Where it comes from, with a port or without; nil where that stands for many.
    ///   - isKnown: Whether the user is there at this address by what else is known, as a registered phone.
    public func verdict(address: String?, user: String?, isKnown: Bool = false, now: ContinuousClock.Instant) -> Verdict {
        let login = address.map { Login(address: $0, user: user) }
        if let login, !isKnown, !proofs.has(login, since: now - configuration.proofTime), let ban = ban(login, now: now) { return .banned(until: ban.until) }
        let failures = max(login.map { addresses.failures(of: $0.source, now: now) } ?? 0, user.map { users.failures(of: $0, now: now) } ?? 0)
        return failures < configuration.delayAfter ? .allow : .delay(delay(after: failures))
    }

    private func ban(_ login: Login, now: ContinuousClock.Instant) -> Ban? { addresses.ban(login.source, now: now) ?? pairs.ban(login, now: now) }

    /// Counts a failure.
    /// - Parameters:
    ///   - address: As in ``verdict(address:user:isKnown:now:)``.
    ///   - user: The name in the credentials, of a user that there is or not.
    /// - Returns: What holds for the answer to it, and for requests from now on; and the ban that it has brought about.
    public mutating func failed(
        address: String?, user: String?, isKnown: Bool = false, now: ContinuousClock.Instant
    ) -> (verdict: Verdict, ban: Ban?) {
        let before = verdict(address: address, user: user, isKnown: isKnown, now: now)
        if case .banned = before { return (before, nil) }
        // A name is whatever somebody sent.
        if let user, user.utf8.count <= 256 { _ = users.add(user, now: now) }
        let ban = address.flatMap { count(Login(address: $0, user: user), isKnown: isKnown, now: now) }
        return (verdict(address: address, user: user, isKnown: isKnown, now: now), ban)
    }

    /// Counts a failure at an address, and says which ban it has brought about.
    private mutating func count(_ login: Login, isKnown: Bool, now: ContinuousClock.Instant) -> Ban? {
        let (inAll, tried) = addresses.add(login.source, of: login.user, now: now)
        let ofPair = pairs.add(login, now: now).failures
        var ban: Ban?
        if inAll >= configuration.banAfter, tried >= configuration.manyUsers, addresses.ban(login.source, now: now) == nil {
            ban = Ban(source: login.source, user: nil, until: now + configuration.banTime, failures: inAll)
            addresses.ban(login.source, ban)
        } else if ofPair >= configuration.banAfter, !isKnown, !proofs.has(login, since: now - configuration.proofTime) {
            ban = Ban(source: login.source, user: login.user, until: now + configuration.banTime, failures: ofPair)
            pairs.ban(login, ban)
        }
        return ban
    }

    /// Remembers that a user has proven its password at an address.
    public mutating func proved(address: String, user: String, now: ContinuousClock.Instant) {
        proofs.add(Login(address: address, user: user), now: now, limit: configuration.maximumEntries, keep: configuration.proofTime)
    }

    /// How much is banned.
    public func banCount(now: ContinuousClock.Instant) -> Int { addresses.bans(now: now).count + pairs.bans(now: now).count }

    /// What is banned, those first that are so for the longest time to come.
    public func bans(now: ContinuousClock.Instant) -> [Ban] {
        (addresses.bans(now: now) + pairs.bans(now: now)).sorted { $0.until > $1.until }
    }

    /// Lifts bans before their time; what led to them is forgotten.
    ///
    /// - Parameters:
    ///   - address: As ``Ban/source``, or any address in it; nil for all.
    ///   - user: One user's there; nil for all that are of the address.
    /// - Returns: What was banned.
    public mutating func lift(address: String?, user: String? = nil, now: ContinuousClock.Instant) -> [Ban] {
        let source = address.map(Login.source)
        let lifted = bans(now: now).filter { (source == nil || $0.source == source) && (user == nil || $0.user == user) }
        for ban in lifted {
            if let user = ban.user { pairs.ban(Login(source: ban.source, user: user), nil) } else { addresses.ban(ban.source, nil) }
        }
        return lifted
    }

    /// Whether both addresses count as one.
    public static func isSame(_ one: String, _ other: String) -> Bool { Login.source(of: one) == Login.source(of: other) }

    private func delay(after failures: Int) -> Duration {
        let doublings = min(max(0, failures - configuration.delayAfter), 16)
        return min(configuration.firstDelay * (1 << doublings), configuration.longestDelay)
    }
}

/// A user at a source.
struct Login: Sendable, Hashable {
    let source: String
    let user: String

    init(source: String, user: String) {
        self.source = source
        self.user = user
    }

    init(address: String, user: String?) {
        self.init(source: Login.source(of: address), user: String((user ?? "").prefix(64)))
    }

    /// A name for the source: its address as limits count it. What is no address is its own name, as is the name itself.
    static func source(of address: String) -> String { SourceAddress(address)?.description ?? String(address.prefix(64)) }
}

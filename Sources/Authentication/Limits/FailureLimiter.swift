/// Slows down and shuts out who guesses passwords: by source address, and by the user whose password is guessed.
///
/// A failure is a wrong proof; a request without credentials, which is challenged, is none. Addresses of IPv6 count by
/// their first 64 bits, as one machine has all the others. A user name is only ever slowed down: shutting it out would give
/// everybody the means to shut out anybody.
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
        /// Failures in that time after which an address is shut out.
        public var shutOutAfter = 20
        public var shutOutTime: Duration = .seconds(600)
        /// Addresses, and users, that are remembered.
        public var maximumEntries = 10_000

        public init() {}
    }

    /// What is to be done with the answer.
    public enum Verdict: Sendable, Hashable {
        /// Give it.
        case allow
        /// Give it after this time.
        case delay(Duration)
        /// Give none, or a refusal without looking at the credentials.
        case shutOut(until: ContinuousClock.Instant)
    }

    private let configuration: Configuration
    private var addresses: FailureTable
    private var users: FailureTable

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        addresses = FailureTable(limit: configuration.maximumEntries, window: configuration.window)
        users = FailureTable(limit: configuration.maximumEntries, window: configuration.window)
    }

    /// What holds for a request, before its credentials are looked at.
    public func verdict(address: String, user: String? = nil, now: ContinuousClock.Instant) -> Verdict {
        let source = SourceNetwork.name(of: address)
        if let until = addresses.shutOut(source, now: now) { return .shutOut(until: until) }
        let failures = max(addresses.failures(of: source, now: now), user.map { users.failures(of: $0, now: now) } ?? 0)
        return failures < configuration.delayAfter ? .allow : .delay(delay(after: failures))
    }

    /// Counts a failure.
    /// - Parameter user: The name in the credentials, of a user that there is or not.
    /// - Returns: What holds for the answer to it, and for requests from now on.
    public mutating func failed(address: String, user: String? = nil, now: ContinuousClock.Instant) -> Verdict {
        let source = SourceNetwork.name(of: address)
        if let until = addresses.shutOut(source, now: now) { return .shutOut(until: until) }
        if addresses.add(source, now: now) >= configuration.shutOutAfter {
            addresses.shutOut(source, until: now + configuration.shutOutTime)
        }
        // A name is whatever somebody sent.
        if let user, user.utf8.count <= 256 { _ = users.add(user, now: now) }
        return verdict(address: address, user: user, now: now)
    }

    private func delay(after failures: Int) -> Duration {
        let doublings = min(max(0, failures - configuration.delayAfter), 16)
        return min(configuration.firstDelay * (1 << doublings), configuration.longestDelay)
    }
}

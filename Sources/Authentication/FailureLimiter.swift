internal import SIPNames

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

    /// An address that is shut out, and why.
    public struct ShutOut: Sendable, Hashable {
        /// An address of IPv4, or the first 64 bits of one of IPv6.
        public let source: String
        public let until: ContinuousClock.Instant
        /// Wrong credentials within ``Configuration/window``.
        public let failures: Int
        /// The name in the last of them; nil where there was none.
        public let user: String?
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
        let failures = addresses.add(source, now: now)
        if failures >= configuration.shutOutAfter {
            let until = now + configuration.shutOutTime
            addresses.shutOut(source, ShutOut(source: source, until: until, failures: failures, user: user.map { String($0.prefix(256)) }))
        }
        // A name is whatever somebody sent.
        if let user, user.utf8.count <= 256 { _ = users.add(user, now: now) }
        return verdict(address: address, user: user, now: now)
    }

    /// The addresses that are shut out, those first that are so for the longest time to come.
    public func shutOuts(now: ContinuousClock.Instant) -> [ShutOut] {
        addresses.shutOuts(now: now).sorted { $0.until > $1.until }
    }

    /// How many addresses are shut out.
    public func shutOutCount(now: ContinuousClock.Instant) -> Int { addresses.shutOuts(now: now).count }

    /// Why and until when an address is shut out; nil where it is not.
    public func shutOut(address: String, now: ContinuousClock.Instant) -> ShutOut? {
        addresses.entry(SourceNetwork.name(of: address), now: now)
    }

    private func delay(after failures: Int) -> Duration {
        let doublings = min(max(0, failures - configuration.delayAfter), 16)
        return min(configuration.firstDelay * (1 << doublings), configuration.longestDelay)
    }
}

/// Recent failures by name, of a bounded number of names.
///
/// When it is full, the names with the fewest failures go, and of these the ones that failed longest ago: to be forgotten,
/// somebody would have to fail under as many other names as there is room for, each as often.
struct FailureTable: Sendable {
    private struct Entry {
        /// The latest, oldest first; no more than are ever asked for.
        var failures: [ContinuousClock.Instant] = []
        var shutOut: FailureLimiter.ShutOut?
    }

    /// Failures that are kept of one name.
    private static let kept = 64

    private let limit: Int
    private let window: Duration
    private var entries: [String: Entry] = [:]

    init(limit: Int, window: Duration) {
        self.limit = max(1, limit)
        self.window = window
    }

    var count: Int { entries.count }

    func failures(of name: String, now: ContinuousClock.Instant) -> Int {
        entries[name].map { recent($0, now: now).count } ?? 0
    }

    func shutOut(_ name: String, now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        entry(name, now: now)?.until
    }

    func entry(_ name: String, now: ContinuousClock.Instant) -> FailureLimiter.ShutOut? {
        entries[name]?.shutOut.flatMap { now < $0.until ? $0 : nil }
    }

    func shutOuts(now: ContinuousClock.Instant) -> [FailureLimiter.ShutOut] {
        entries.values.compactMap { $0.shutOut.flatMap { now < $0.until ? $0 : nil } }
    }

    /// - Returns: The failures that count.
    mutating func add(_ name: String, now: ContinuousClock.Instant) -> Int {
        if entries[name] == nil { makeRoom(now: now) }
        var entry = entries[name] ?? Entry()
        entry.failures = Array(recent(entry, now: now).suffix(Self.kept - 1)) + [now]
        entries[name] = entry
        return entry.failures.count
    }

    /// What led to it is forgotten: whoever comes back starts anew.
    mutating func shutOut(_ name: String, _ shutOut: FailureLimiter.ShutOut) {
        entries[name] = Entry(failures: [], shutOut: shutOut)
    }

    private func recent(_ entry: Entry, now: ContinuousClock.Instant) -> ArraySlice<ContinuousClock.Instant> {
        entry.failures.drop { now - $0 >= window }
    }

    /// Lets go of what has no meaning any more, and where that is not enough, of the most harmless eighth.
    private mutating func makeRoom(now: ContinuousClock.Instant) {
        guard entries.count >= limit else { return }
        let (limit, window) = (limit, window)
        entries = entries.filter { _, entry in
            entry.shutOut.map { now < $0.until } ?? (entry.failures.last.map { now - $0 < window } ?? false)
        }
        guard entries.count >= limit else { return }
        let ranked = entries.map { name, entry in
            (name: name, weight: entry.shutOut == nil ? entry.failures.count : .max, last: entry.failures.last ?? now)
        }.sorted { ($0.weight, $0.last) < ($1.weight, $1.last) }
        for victim in ranked.prefix(max(1, limit / 8)) { entries[victim.name] = nil }
    }
}

/// What counts as one source: an address of IPv4, and of IPv6 the network that a subscriber gets.
enum SourceNetwork {
    /// A name for the source. An address that is none is its own name.
    static func name(of address: String) -> String {
        let text = address.hasPrefix("[") ? String(address.dropFirst().prefix { $0 != "]" }) : address
        guard text.contains(":"), let parsed = IPAddress(text) else { return String(address.prefix(64)) }
        let unmapped = parsed.unmapped
        return unmapped.isIPv6 ? Hexadecimal.text(unmapped.bytes.prefix(8)) + "::/64" : unmapped.description
    }
}

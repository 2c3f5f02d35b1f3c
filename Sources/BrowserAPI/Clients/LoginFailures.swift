/// Wrong passwords of late, by the address that they came from and the user whose password was guessed.
///
/// The delay of each answer holds up one connection, and a guesser has many. Others lose nothing by it: who shuts a user out shuts it
/// out from his own address. Loopback is no address of anybody: there stands a proxy, which knows who comes.
struct LoginFailures {
    struct Source: Hashable {
        let address: String
        let user: String

        /// - Parameter peer: The address that a connection comes from, with its port or without.
        init(peer: String, user: String) {
            let isV6 = peer.filter { $0 == ":" }.count > 1
            let end = isV6 && !peer.hasPrefix("[") ? nil : peer.lastIndex(of: ":").flatMap { peer[$0...].contains("]") ? nil : $0 }
            address = peer[..<(end ?? peer.endIndex)].filter { $0 != "[" && $0 != "]" }
            self.user = user
        }
    }

    private struct Entry {
        let began: ContinuousClock.Instant
        var failures: Int
    }

    private let limit: Int
    private let window: Duration
    private let most: Int
    private var entries: [Source: Entry] = [:]

    /// - Parameters:
    ///   - limit: Failures within `window` after which no password is looked at until it is over.
    ///   - most: Sources that are remembered.
    init(limit: Int, window: Duration, most: Int = 10_000) {
        self.limit = limit
        self.window = window
        self.most = most
    }

    var count: Int { entries.count }

    func isExhausted(_ source: Source, now: ContinuousClock.Instant) -> Bool {
        guard let entry = entries[source], now - entry.began < window else { return false }
        return entry.failures >= limit
    }

    /// The sources whose passwords are not looked at.
    func shutOuts(now: ContinuousClock.Instant) -> [LoginShutOut] {
        entries.compactMap { source, entry in isExhausted(source, now: now) ? shutOut(source, entry) : nil }.sorted { $0.until > $1.until }
    }

    private func shutOut(_ source: Source, _ entry: Entry) -> LoginShutOut {
        LoginShutOut(address: source.address, user: source.user, until: entry.began + window, failures: entry.failures)
    }

    /// Counts a wrong password.
    ///
    /// - Returns: What is shut out from now on; nil where that is nothing, or was so before.
    @discardableResult
    mutating func note(_ source: Source, now: ContinuousClock.Instant) -> LoginShutOut? {
        guard !LoginFailures.isLoopback(source.address) else { return nil }
        let window = window
        if entries[source] == nil, entries.count >= most {
            entries = entries.filter { now - $0.value.began < window }
            if entries.count >= most { entries = [:] }
        }
        if let entry = entries[source], now - entry.began < window {
            entries[source] = Entry(began: entry.began, failures: entry.failures + 1)
        } else {
            entries[source] = Entry(began: now, failures: 1)
        }
        guard let entry = entries[source], entry.failures == limit else { return nil }
        return shutOut(source, entry)
    }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }
}

/// An address from which a user's passwords are not looked at for a while.
public struct LoginShutOut: Sendable, Hashable {
    public let address: String
    public let user: String
    public let until: ContinuousClock.Instant
    /// Wrong passwords within the minute.
    public let failures: Int
}

internal import EventLoop

/// The INVITEs that were refused without a transaction in the last half minute: one that comes again gets the same answer (RFC 3261 section 17.2.1),
/// though there is room by then. A caller that has got the refusal would never acknowledge a 200.
///
/// A number for each, within a fixed bound: in a flood the oldest go.
struct RefusedTransactions {
    /// How one was refused.
    enum Refusal: Equatable {
        /// 503, with these seconds in its Retry-After.
        case overload(retryAfter: Int)
        /// 401.
        case challenge
    }

    private let capacity: Int
    private let lifetime: Duration
    private var younger: [UInt64: Refusal] = [:]
    private var older: [UInt64: Refusal] = [:]
    private var turned: ContinuousClock.Instant?

    /// - Parameter capacity: Refusals that are remembered at least, of those within `lifetime`; twice as many at most.
    init(capacity: Int = 16_384, lifetime: Duration = .seconds(32)) {
        self.capacity = capacity
        self.lifetime = lifetime
    }

    var count: Int { younger.count + older.count }

    mutating func insert(_ transaction: UInt64, _ refusal: Refusal, at now: ContinuousClock.Instant) {
        turn(at: now)
        if younger.count >= capacity { (older, younger, turned) = (younger, [:], now) }
        younger[transaction] = refusal
    }

    mutating func refusal(of transaction: UInt64, at now: ContinuousClock.Instant) -> Refusal? {
        turn(at: now)
        return younger[transaction] ?? older[transaction]
    }

    private mutating func turn(at now: ContinuousClock.Instant) {
        guard let turned else { return self.turned = now }
        let age = turned.duration(to: now)
        guard age >= lifetime else { return }
        (older, younger, self.turned) = (age < lifetime * 2 ? younger : [:], [:], now)
    }
}

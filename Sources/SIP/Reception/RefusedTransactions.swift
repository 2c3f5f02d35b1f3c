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

    private var refusals: RecentValues<UInt64, Refusal>

    /// - Parameter capacity: Refusals that are remembered at least, of those within `lifetime`; twice as many at most.
    init(capacity: Int = 16_384, lifetime: Duration = .seconds(32)) {
        refusals = RecentValues(capacity: capacity, lifetime: lifetime)
    }

    var count: Int { refusals.count }

    mutating func insert(_ transaction: UInt64, _ refusal: Refusal, at now: ContinuousClock.Instant) { refusals.set(refusal, for: transaction, at: now) }

    mutating func refusal(of transaction: UInt64, at now: ContinuousClock.Instant) -> Refusal? { refusals.value(for: transaction, at: now) }
}

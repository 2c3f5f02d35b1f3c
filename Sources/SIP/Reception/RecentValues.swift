/// Values that are kept for a while, of a bounded number of keys: those that were not set for the longest time go first.
///
/// Two generations: where the younger one is full or old enough, it becomes the older one, and what the older one had is forgotten.
struct RecentValues<Key: Hashable, Value> {
    private let capacity: Int
    private let lifetime: Duration
    private var younger: [Key: Value] = [:]
    private var older: [Key: Value] = [:]
    private var turned: ContinuousClock.Instant?

    /// - Parameters:
    ///   - capacity: Values that are kept at least; twice as many at most.
    ///   - lifetime: How long one is kept at least, as long as there is room; twice as long at most.
    init(capacity: Int, lifetime: Duration) {
        self.capacity = capacity
        self.lifetime = lifetime
    }

    var count: Int { younger.count + older.count }

    mutating func set(_ value: Value, for key: Key, at now: ContinuousClock.Instant) {
        turn(at: now)
        if younger.count >= capacity, younger[key] == nil { (older, younger, turned) = (younger, [:], now) }
        younger[key] = value
    }

    mutating func value(for key: Key, at now: ContinuousClock.Instant) -> Value? {
        turn(at: now)
        return younger[key] ?? older[key]
    }

    mutating func removeAll() { (younger, older) = ([:], [:]) }

    private mutating func turn(at now: ContinuousClock.Instant) {
        guard let turned else { return self.turned = now }
        let age = turned.duration(to: now)
        guard age >= lifetime else { return }
        (older, younger, self.turned) = (age < lifetime * 2 ? younger : [:], [:], now)
    }
}

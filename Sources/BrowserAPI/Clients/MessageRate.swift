/// How many messages a connection may still send: a token bucket.
struct MessageRate {
    private let perSecond: Double
    private let burst: Double
    private var left: Double
    private var last: ContinuousClock.Instant

    init(perSecond: Int, burst: Int, now: ContinuousClock.Instant = .now) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
        left = Double(burst)
        last = now
    }

    /// Takes one message into account; false when it is one too many.
    mutating func admit(at now: ContinuousClock.Instant = .now) -> Bool {
        left = min(burst, left + (now - last) / .seconds(1) * perSecond)
        last = now
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}

/// Decides how many new calls a second are taken under load (RFC 6357 section 5.3, RFC 7339 section 6.3: a rate, adapted to what is measured).
///
/// There is no limit until the event loop or the set-up of calls is late for two windows of 200 ms. Then the limit is a little less than what was set up
/// lately. While calls are refused and nothing is late it grows, from near the rate at which it was late on slowly; it ends ten seconds after the last lateness.
public struct OverloadControl: Sendable {
    public struct Limits: Sendable, Equatable {
        /// Calls in set-up at a time.
        public var setUps = 50
        /// A later event loop is overloaded.
        public var loopDelay = Duration.milliseconds(100)
        /// A longer set-up, from the INVITE to what the gateway does about it, is overload.
        public var setUpTime = Duration.milliseconds(500)
        /// New calls a second at most, whatever the load; nil is no limit.
        public var callsPerSecond: Int?

        public init() {}
    }

    /// Why a new call is refused.
    enum Reason: String, Sendable {
        /// More new calls a second than the load allows.
        case rate
        /// As many calls are in set-up as there may be.
        case setUp = "set_up"
        /// More new calls a second than `limits.calls_per_second`.
        case configured
    }

    private static let window = Duration.milliseconds(200)
    /// Calls a second that are taken however late things are.
    private static let least = 10.0
    private static let memory = Duration.seconds(10)

    var limits: Limits
    /// Calls in set-up.
    private(set) var setUps = 0
    /// Calls that were admitted and are on their way through Sofia, which may refuse them by itself: so they are forgotten with their window.
    private var expected = 0
    /// Calls a second; nil while there is no limit.
    private(set) var limit: Double?
    /// New calls that come a second, those that are refused among them, about.
    private(set) var demand = 0.0
    /// Calls a second whose set-up is over, about.
    private(set) var throughput = 0.0
    private var adaptive = TokenBucket()
    private var configured = TokenBucket()
    private var start: ContinuousClock.Instant
    private var current = Window()
    private var lastOverload: ContinuousClock.Instant?
    private var wasLate = false
    /// The most calls a second whose set-up was over within a window, decaying.
    private var peak = 0.0
    /// Where it was late last.
    private var ceiling = 0.0
    private var nextDecrease: ContinuousClock.Instant?

    private struct Window: Sendable {
        var arrivals = 0, ended = 0, refused = 0
        var worstDelay = Duration.zero, setUpTime = Duration.zero
    }

    init(limits: Limits = Limits(), now: ContinuousClock.Instant) {
        self.limits = limits
        start = now
    }

    /// Why a new call is refused; nil where it is admitted. ``arrive()`` follows, where nobody refuses it meanwhile.
    ///
    /// - Parameter isKnown: Whether its caller is a trunk, or brings credentials: a part of the rate is kept for these.
    mutating func refusal(isKnown: Bool, at now: ContinuousClock.Instant) -> Reason? {
        advance(to: now)
        current.arrivals += 1
        let reason = reason(isKnown: isKnown, at: now)
        if reason == nil { expected += 1 }
        // What others refuse says nothing about the limit.
        if reason == .rate { current.refused += 1 }
        return reason
    }

    /// An admitted call has arrived.
    mutating func arrive() { expected = max(0, expected - 1) }

    /// It is being set up, until ``endSetUp(after:at:)``.
    mutating func beginSetUp() { setUps += 1 }

    private mutating func reason(isKnown: Bool, at now: ContinuousClock.Instant) -> Reason? {
        if let rate = limits.callsPerSecond, !configured.take(rate: Double(rate), reserve: isKnown ? 0 : 0.2, at: now) { return .configured }
        guard setUps + expected < limits.setUps else { return .setUp }
        guard let limit, !adaptive.take(rate: limit, reserve: isKnown ? 0 : 0.2, at: now) else { return nil }
        return .rate
    }

    /// An admitted call has been answered, refused or sent on, this long after its INVITE.
    mutating func endSetUp(after time: Duration, at now: ContinuousClock.Instant) {
        advance(to: now)
        setUps = max(0, setUps - 1)
        current.ended += 1
        current.setUpTime += time
    }

    /// An admitted call waits for something that is no work, as a guesser for its answer.
    mutating func abandonSetUp() { setUps = max(0, setUps - 1) }

    /// The event loop was late by `delay`.
    mutating func note(loopDelay delay: Duration, at now: ContinuousClock.Instant) {
        current.worstDelay = max(current.worstDelay, delay)
        advance(to: now)
    }

    /// Whether the event loop is so late that other new work is refused, too.
    var isLate: Bool { current.worstDelay > limits.loopDelay * 2 }

    /// Seconds after which a refused caller may try again (RFC 3261 section 20.33): the longer, the more callers there are for each that is taken.
    ///
    /// - Parameter number: Spreads the callers, so that they do not come back at once.
    func retryAfter(_ number: UInt64) -> Int {
        let capacity = max(OverloadControl.least, limit ?? throughput)
        let seconds = max(1, min(30, Int((2 * demand / capacity).rounded(.up))))
        return seconds + Int(number % UInt64(seconds + 1))
    }

    // MARK: Windows

    private mutating func advance(to now: ContinuousClock.Instant) {
        let passed = start.duration(to: now)
        guard passed >= OverloadControl.window else { return }
        let seconds = passed / .seconds(1), weight = min(1, seconds)
        demand += weight * (Double(current.arrivals) / seconds - demand)
        throughput += weight * (Double(current.ended) / seconds - throughput)
        adapt(to: now, seconds)
        current = Window()
        expected = 0
        start = now
    }

    private mutating func adapt(to now: ContinuousClock.Instant, _ seconds: Double) {
        let setUpTime = current.ended > 0 ? current.setUpTime / current.ended : .zero
        let isLate = current.worstDelay > limits.loopDelay || setUpTime > limits.setUpTime
        // A single late turn says nothing.
        defer { wasLate = isLate }
        peak = max(throughput, peak * (1 - 0.1 * min(1, seconds)))
        if isLate {
            guard wasLate, current.arrivals > 0 else { return }
            lastOverload = now
            guard nextDecrease.map({ now >= $0 }) ?? true else { return }
            let reached = max(OverloadControl.least, peak, Double(current.ended) / seconds)
            ceiling = min(limit ?? reached, reached)
            limit = max(ceiling * 0.85, (limit ?? 0) * 0.5)
            // What was admitted before has to be over first.
            nextDecrease = now + max(.milliseconds(400), min(setUpTime, .seconds(2)))
        } else if let limit {
            if current.refused > 0 {
                // Fast where nothing was late before, slowly from there on.
                let most = max(ceiling, demand, OverloadControl.least) * 2
                self.limit = max(limit, min(most, limit * (limit < ceiling * 0.8 ? 1.1 : 1.02)))
            } else if lastOverload.map({ $0.duration(to: now) > OverloadControl.memory }) ?? true, demand < limit * 0.9 {
                self.limit = nil
            }
        }
    }
}

/// Permits that come at a rate; a tenth of a second's are kept at most, four at least.
struct TokenBucket: Sendable {
    private var permits: Double?
    private var last: ContinuousClock.Instant?

    init() {}

    /// Takes a permit, where more than a share of the full bucket is left.
    mutating func take(rate: Double, reserve: Double = 0, at now: ContinuousClock.Instant) -> Bool {
        let most = max(4, rate / 10)
        let passed = last.map { max(0, $0.duration(to: now) / .seconds(1)) } ?? 0
        var filled = min(most, (permits ?? most) + passed * rate)
        last = now
        defer { permits = filled }
        guard filled >= 1 + most * reserve else { return false }
        filled -= 1
        return true
    }
}

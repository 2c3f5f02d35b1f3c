internal import Configuration

/// Whether one target of a trunk is alive, as OPTIONS and calls tell.
struct TargetHealth: Sendable {
    typealias Instant = TrunkMachine.Instant

    enum Standing: String, Sendable {
        /// Nothing speaks against it.
        case unknown
        case up, down
    }

    /// How soon it is asked again after a failure that did not bring it down.
    private static let retry = Duration.seconds(5)
    /// How soon it is asked after a call has failed.
    private static let check = Duration.seconds(1)
    /// Without keepalives: how long a call's failure counts.
    private static let penalty = Duration.seconds(60)
    /// How long whoever sends OPTIONS, to each address of the target, may leave us without a word.
    private static let patience = Duration.seconds(120)

    let index: Int
    private(set) var standing = Standing.unknown
    private let keepalive: TrunkKeepalive
    private var failures = 0
    /// What came of the last OPTIONS that failed, in words; nil where that is not known.
    private(set) var trouble: String?
    /// When OPTIONS is sent next; nil while one is under way.
    private var next: Instant?
    /// When the one that is under way counts as lost.
    private var limit: Instant?
    /// When a call's failure is forgotten.
    private var pardon: Instant?

    init(index: Int, keepalive: TrunkKeepalive) {
        self.index = index
        self.keepalive = keepalive
    }

    mutating func start(now: Instant) {
        if keepalive.interval != nil { next = now }
    }

    mutating func stop() {
        (next, limit, pardon) = (nil, nil, nil)
        (standing, failures, trouble) = (.unknown, 0, nil)
    }

    /// An answer to OPTIONS, or nil for none. Whatever it is, the target is alive: also one that does not serve OPTIONS, or has a fault in it. Only 408
    /// and 503 are of somebody in front of it who does not reach it, or of one that wants no calls.
    ///
    /// - Parameter trouble: Why there is no answer, in words.
    mutating func answered(_ status: Int?, trouble: String? = nil, now: Instant, _ random: inout Jitter) {
        guard limit != nil, let interval = keepalive.interval else { return }
        limit = nil
        if let status, ![408, 503].contains(status) {
            (standing, failures, self.trouble) = (.up, 0, nil)
        } else {
            self.trouble = trouble ?? status.map { "OPTIONS was answered \($0)" }
            fail()
        }
        let wait = failures > 0 && standing != .down ? min(interval, Self.retry) : interval
        next = now + wait * random.next(in: 0.9...1)
    }

    mutating func callFailed(now: Instant) {
        guard keepalive.interval != nil else {
            standing = .down
            pardon = now + Self.penalty
            return
        }
        fail()
        if let planned = next { next = min(planned, now + Self.check) }
    }

    mutating func callAnswered() {
        (standing, failures, pardon, trouble) = (.up, 0, nil, nil)
    }

    /// Whether OPTIONS is to be sent now.
    mutating func isDue(now: Instant, _ random: inout Jitter) -> Bool {
        if let until = pardon, until <= now { (standing, pardon) = (.unknown, nil) }
        if let until = limit, until <= now { answered(nil, now: now, &random) }
        guard let planned = next, planned <= now else { return false }
        next = nil
        limit = now + Self.patience
        return true
    }

    var deadline: Instant? { [next, limit, pardon].compactMap { $0 }.min() }

    private mutating func fail() {
        failures = min(failures + 1, keepalive.failures)
        if failures == keepalive.failures { standing = .down }
    }
}

/// Random numbers that a test can repeat (SplitMix64). They spread load, and keep nothing secret.
struct Jitter: Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next(in range: ClosedRange<Double>) -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        value ^= value >> 31
        return range.lowerBound + (range.upperBound - range.lowerBound) * (Double(value >> 11) / Double(1 << 53))
    }
}

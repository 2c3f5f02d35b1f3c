/// A registration that is kept up: asked for, refreshed before it ends, and asked for again after failures, at longer and longer
/// intervals (RFC 5626 section 4.5).
struct RegistrationCycle: Sendable {
    typealias Instant = TrunkMachine.Instant

    private enum State: Sendable {
        case idle
        /// A REGISTER is under way; without a word by then it counts as lost. `tried` targets have been asked in this round.
        case asking(until: Instant, tried: Int, raised: Bool)
        /// Nothing is under way until then: the next refresh, or the next attempt.
        case resting(until: Instant)
    }

    /// Why there is no registration.
    private enum Failure: Sendable {
        case lost(String)
        case refused(String)
    }

    /// Longest wait, and interval, that a registrar can talk us into.
    private static let longestWait = Duration.seconds(3_600)
    private static let longestInterval = Duration.seconds(86_400)
    /// Bounds of the wait after a failure.
    private static let firstWait = 2.0, lastWait = 300.0
    /// However short an interval is granted, refreshes come no faster.
    private static let shortestRefresh = Duration.seconds(5)
    /// A target is several addresses, each of which may take its time. Whoever sends tells how that ended; this is for the
    /// case that it never does.
    private static let patience = Duration.seconds(180)

    private var state = State.idle
    /// What is asked for: the configured interval, or more where the registrar wanted more.
    private var expires: Duration
    private let targets: Int
    /// The target that is asked, and asked first next time.
    private var target = 0
    /// Rounds that failed, one after the other.
    private var failures = 0
    private var failure: Failure?
    /// How long the registrar keeps our Contact.
    private var validUntil: Instant?

    init(expires: Duration, targets: Int) {
        self.expires = expires
        self.targets = targets
    }

    mutating func start(now: Instant) -> [TrunkMachine.Action] { ask(now: now, tried: 1) }

    mutating func stop(now: Instant) -> [TrunkMachine.Action] {
        var isKnown = isValid(now: now)
        if case .asking = state { isKnown = true }
        state = .idle
        validUntil = nil
        return isKnown ? [.sendUnregister(target: target)] : []
    }

    mutating func succeeded(_ answering: Int, _ granted: Duration, now: Instant, _ random: inout Jitter) -> [TrunkMachine.Action] {
        guard case .asking = state, answering == target else { return [] }
        guard granted > .zero else {
            return failed(target, 500, retryAfter: nil, minimum: nil, now: now, &random)
        }
        let granted = min(granted, Self.longestInterval)
        failures = 0
        failure = nil
        validUntil = now + granted
        // At half of it, so that a refresh that is lost can be tried again in time.
        state = .resting(until: now + max(Self.shortestRefresh, granted * random.next(in: 0.45...0.5)))
        return []
    }

    mutating func failed(
        _ answering: Int, _ status: Int, trouble: String? = nil, retryAfter: Duration?, minimum: Duration?, now: Instant, _ random: inout Jitter
    ) -> [TrunkMachine.Action] {
        guard case .asking(_, let tried, let raised) = state, answering == target else { return [] }
        if status == 423, !raised, let minimum, minimum > expires, minimum <= Self.longestInterval {
            expires = minimum
            return ask(now: now, tried: tried, raised: true)
        }
        guard Self.isTemporary(status) else {
            failure = .refused(Self.refusal(status))
            return rest(upTo: Self.lastWait, atLeast: retryAfter, now: now, &random)
        }
        if tried < targets {
            target = (target + 1) % targets
            return ask(now: now, tried: tried + 1, raised: raised)
        }
        failure = .lost(trouble ?? (status == 408 ? "REGISTER is not answered" : "REGISTER was answered \(status)"))
        target = (target + 1) % max(1, targets)
        let wait = Self.firstWait * Double(1 << min(failures, 10))
        failures += 1
        return rest(upTo: min(Self.lastWait, wait), atLeast: retryAfter, now: now, &random)
    }

    mutating func due(now: Instant, _ random: inout Jitter) -> [TrunkMachine.Action] {
        switch state {
        case .asking(let until, _, _) where until <= now:
            return failed(target, 408, retryAfter: nil, minimum: nil, now: now, &random)
        case .resting(let until) where until <= now: return ask(now: now, tried: 1)
        case .idle, .asking, .resting: return []
        }
    }

    /// When something is to be done, or the state changes by itself.
    func deadlines(now: Instant) -> [Instant] {
        let end = validUntil.map { $0 > now ? [$0] : [] } ?? []
        return switch state {
        case .idle: []
        case .asking(let until, _, _): end + [until]
        case .resting(let until): end + [until]
        }
    }

    /// What is to be told of it; nil while there is a registration, whatever has become of its refresh.
    func trouble(now: Instant) -> TrunkState? {
        if isValid(now: now) { return nil }
        return switch failure {
        case nil: .registering
        case .lost(let reason): .down(reason)
        case .refused(let reason): .refused(reason)
        }
    }

    func isValid(now: Instant) -> Bool { validUntil.map { $0 > now } ?? false }

    private mutating func ask(now: Instant, tried: Int, raised: Bool = false) -> [TrunkMachine.Action] {
        state = .asking(until: now + Self.patience, tried: tried, raised: raised)
        return [.sendRegister(target: target, expires: expires)]
    }

    private mutating func rest(
        upTo seconds: Double, atLeast retryAfter: Duration?, now: Instant, _ random: inout Jitter
    ) -> [TrunkMachine.Action] {
        let wait = Duration.seconds(seconds * random.next(in: 0.5...1))
        state = .resting(until: now + max(wait, min(retryAfter ?? .zero, Self.longestWait)))
        return []
    }

    /// What a refusal means to an operator, and what to do about it.
    private static func refusal(_ status: Int) -> String {
        let said = "REGISTER was answered \(status)"
        return switch status {
        case 401, 407: "credentials refused: check username and password (\(said))"
        case 403: "registration forbidden: check username and password, and whether the account may register (\(said))"
        case 404: "unknown account: check username and from_domain (\(said))"
        default: said
        }
    }

    /// Whether another target, or another time, may do better. 501 and 505 are for ever, as is what is wrong with us.
    private static func isTemporary(_ status: Int) -> Bool {
        switch status {
        case 408, 429, 480, 491: true
        case 501, 505: false
        default: (500...599).contains(status)
        }
    }
}

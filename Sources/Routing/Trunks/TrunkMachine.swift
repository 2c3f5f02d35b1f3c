public import Configuration

/// The life of a trunk: its registration, its keepalives, which targets are alive, how many calls it has. Pure: it is told what
/// happened and when, and says what is to be done. It never sends anything but in answer to an event, and waits longer from
/// one failure to the next.
public struct TrunkMachine: Sendable {
    public typealias Instant = ContinuousClock.Instant

    public enum Event: Sendable, Equatable {
        case started
        /// The gateway stops: nothing follows but the end of the registration.
        case stopped
        /// What ``Action/schedule(after:)`` asked for is due.
        case timer
        /// The last `sendRegister` was answered 2xx, with this interval. An answer of a target that is not the one being asked
        /// any more counts for nothing.
        case registered(target: Int, expires: Duration)
        /// It was not: 408 where nobody answered, 503 where nothing could be sent; `trouble` then says why, in words. A 401 or 407 is one that
        /// came in answer to credentials, or that we have none for.
        case registerFailed(target: Int, status: Int, trouble: String? = nil, retryAfter: Duration? = nil, minimumExpires: Duration? = nil)
        /// A final response to `sendOptions`.
        case optionsAnswered(target: Int, status: Int)
        /// No response, or nothing could be sent; `trouble` says why, in words.
        case optionsFailed(target: Int, trouble: String? = nil)
        /// A call found the target dead: no response, or one of ``Trunk/failoverOn``.
        case callFailed(target: Int)
        /// A call got any other response from it.
        case callAnswered(target: Int)
    }

    public enum Action: Sendable, Equatable {
        /// Targets are told by their place in ``Trunk/targets``.
        case sendRegister(target: Int, expires: Duration)
        case sendUnregister(target: Int)
        case sendOptions(target: Int)
        /// Takes the place of the one before.
        case schedule(after: Duration)
        case cancelTimer
        /// It is another state than before.
        case report(TrunkState)
    }

    /// Nil is no limit.
    var maximumCalls: Int?
    private var registration: RegistrationCycle?
    private var targets: [TargetHealth]
    private var random: Jitter
    private var isRunning = false
    private var reported = TrunkState.stopped
    private var scheduled: Instant?
    /// Calls at the moment, both directions.
    public internal(set) var calls = 0

    public init(_ trunk: Trunk) {
        self.init(trunk, seed: .random(in: .min ... .max))
    }

    init(_ trunk: Trunk, seed: UInt64) {
        maximumCalls = trunk.maximumCalls
        registration = trunk.registration.map { RegistrationCycle(expires: $0.expires, targets: trunk.targets.count) }
        targets = trunk.targets.indices.map { TargetHealth(index: $0, keepalive: trunk.keepalive) }
        random = Jitter(seed: seed)
    }

    /// What was reported last.
    public var state: TrunkState { reported }

    /// Whether each of the targets is alive.
    var standings: [TargetHealth.Standing] { targets.map(\.standing) }

    /// Whether the registrar that took our Contact last has it still, whatever has become of its refresh.
    public func isRegistered(now: Instant) -> Bool { registration?.isValid(now: now) ?? false }

    /// Where a call is tried, in this order: what is alive before what is not, and each in the order of preference.
    public var candidates: [Int] {
        targets.filter { $0.standing != .down }.map(\.index) + targets.filter { $0.standing == .down }.map(\.index)
    }

    /// Counts a call in; false where there are as many as there may be.
    public mutating func takeCall() -> Bool {
        if let maximumCalls, calls >= maximumCalls { return false }
        calls += 1
        return true
    }

    /// Counts one out.
    public mutating func releaseCall() {
        calls = max(0, calls - 1)
    }

    /// Takes one event. Answers to what was not asked, or not any more, change nothing.
    public mutating func handle(_ event: Event, now: Instant) -> [Action] {
        var actions = react(to: event, now: now)
        if isRunning { actions += due(now: now) }
        let state = currentState(now: now)
        if state != reported {
            reported = state
            actions.append(.report(state))
        }
        return actions + timer(after: event, now: now)
    }

    private mutating func react(to event: Event, now: Instant) -> [Action] {
        switch event {
        case .started:
            guard !isRunning else { return [] }
            isRunning = true
            for index in targets.indices { targets[index].start(now: now) }
            return registration?.start(now: now) ?? []
        case .stopped:
            isRunning = false
            for index in targets.indices { targets[index].stop() }
            return registration?.stop(now: now) ?? []
        case .timer: return []
        case .registered(let target, let expires): return registration?.succeeded(target, expires, now: now, &random) ?? []
        case .registerFailed(let target, let status, let trouble, let retryAfter, let minimum):
            return registration?.failed(target, status, trouble: trouble, retryAfter: retryAfter, minimum: minimum, now: now, &random) ?? []
        case .optionsAnswered(let target, let status):
            change(target) { $0.answered(status, now: now, &$1) }
        case .optionsFailed(let target, let trouble): change(target) { $0.answered(nil, trouble: trouble, now: now, &$1) }
        case .callFailed(let target): change(target) { health, _ in health.callFailed(now: now) }
        case .callAnswered(let target): change(target) { health, _ in health.callAnswered() }
        }
        return []
    }

    private mutating func change(_ target: Int, _ body: (inout TargetHealth, inout Jitter) -> Void) {
        guard isRunning, targets.indices.contains(target) else { return }
        body(&targets[target], &random)
    }

    private mutating func due(now: Instant) -> [Action] {
        var actions = registration?.due(now: now, &random) ?? []
        for index in targets.indices where targets[index].isDue(now: now, &random) { actions.append(.sendOptions(target: index)) }
        return actions
    }

    private func currentState(now: Instant) -> TrunkState {
        guard isRunning else { return .stopped }
        if let registration, let state = registration.trouble(now: now) { return state }
        guard !targets.contains(where: { $0.standing != .down }) else { return .up }
        let troubles = targets.compactMap(\.trouble).joined(separator: "; ")
        return .down(troubles.isEmpty ? "no target answers" : "no target answers: \(troubles)")
    }

    private mutating func timer(after event: Event, now: Instant) -> [Action] {
        if event == .timer { scheduled = nil }
        let deadlines = isRunning ? targets.compactMap(\.deadline) + (registration?.deadlines(now: now) ?? []) : []
        guard let next = deadlines.min() else {
            guard scheduled != nil else { return [] }
            scheduled = nil
            return [.cancelTimer]
        }
        guard next != scheduled else { return [] }
        scheduled = next
        return [.schedule(after: max(.zero, now.duration(to: next)))]
    }
}

/// Whether a trunk can be called.
public enum TrunkState: Sendable, Hashable, CustomStringConvertible {
    case stopped
    /// The first registration is under way.
    case registering
    case up
    /// Nobody answers, or the registration ended; the text says which.
    case down(String)
    /// It does not want us: it goes on being asked, but seldom. The text says why.
    case refused(String)

    /// Whether calls can go out.
    public var isUp: Bool { self == .up }

    public var description: String {
        switch self {
        case .stopped: "stopped"
        case .registering: "registering"
        case .up: "up"
        case .down(let reason): "down: \(reason)"
        case .refused(let reason): "refused: \(reason)"
        }
    }
}

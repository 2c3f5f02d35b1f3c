public import EventLoop
public import Logging

/// The registrar of a running gateway: a ``Registrar`` with a clock and a file.
///
/// Questions and requests are answered from memory; files are written to on a queue of their own. Whatever happens to the
/// file, phones can register: they are kept in memory, and stored when that is possible again.
@LoopActor
public final class RegistrarService {
    /// Hears of each change, after it was made.
    public var onChange: (@LoopActor (BindingChange) -> Void)?
    /// Hears of each REGISTER that was carried out, after its changes.
    public var onRegister: (@LoopActor (RegisterRequest) -> Void)?
    /// Hears when contacts of a former process could be read later than at the start.
    public var onLoad: (@LoopActor () -> Void)?

    /// Users whose bindings are pruned in one go: where all end at once, the loop is not held up.
    private static let prunedAtOnce = 500
    /// Requests that are kept for what cannot be read yet.
    private static let mostUnregistrations = 1_000

    private(set) var registrar: Registrar
    private let log: Logger
    private let storage: BindingStorage?
    /// Whether a binding of a former process is still good.
    private let isReachable: (Binding) -> Bool
    /// Requests that end contacts, while it is not known which ones a former process has stored.
    private var unregistrations: [RegisterRequest] = []
    private var pruning: (timer: LoopTimer, at: ContinuousClock.Instant)?

    /// Opens the database, and takes from it what is still good.
    ///
    /// - Parameters:
    ///   - database: Path of the file, or `:memory:` for none.
    ///   - isReachable: Whether a binding of a former process is still good. Without it, those are that were registered
    ///     over UDP or have a Path: the connections of others ended with the process, and their phones register again.
    /// - Throws: ``RegistrarError/noDirectory(_:)`` alone. What else may be wrong with the file is logged, and registrations
    ///   are in memory until it is right.
    public static func start(
        database: String, limits: RegistrarLimits, log: Logger,
        isReachable: @escaping (Binding) -> Bool = { $0.flow.hasPrefix("udp/") || !$0.path.isEmpty }
    ) async throws(RegistrarError) -> RegistrarService {
        guard database != ":memory:" else { return RegistrarService(limits: limits, storage: nil, log: log, isReachable: isReachable) }
        return try await start(store: SQLiteBindingStore(path: database, longest: limits.maximumExpires), limits: limits, log: log, isReachable: isReachable)
    }

    /// The same with another store than a file.
    public static func start(
        store: any BindingStore, limits: RegistrarLimits, log: Logger,
        isReachable: @escaping (Binding) -> Bool = { $0.flow.hasPrefix("udp/") || !$0.path.isEmpty }
    ) async throws(RegistrarError) -> RegistrarService {
        let service = RegistrarService(limits: limits, storage: BindingStorage(store, log: log), log: log, isReachable: isReachable)
        try await service.load()
        return service
    }

    init(limits: RegistrarLimits, storage: BindingStorage?, log: Logger, isReachable: @escaping (Binding) -> Bool) {
        self.isReachable = isReachable
        registrar = Registrar(limits: limits)
        self.storage = storage
        self.log = log
        storage?.contents = { [weak self] in self?.registrar }
        storage?.onLoad = { [weak self] stored in
            self?.restore(stored)
            self?.onLoad?()
        }
    }

    private func load() async throws(RegistrarError) {
        guard let stored = try await storage?.load() else { return }
        if restore(stored) < stored.count { storage?.writeEverything() }
    }

    /// Takes what a former process has stored, but for what has been registered or ended since.
    ///
    /// - Returns: How much of it is taken.
    @discardableResult
    private func restore(_ stored: [Binding]) -> Int {
        let before = registrar.count
        _ = registrar.restore(stored.filter { binding in isReachable(binding) && !unregistrations.contains { $0.ends(binding) } })
        unregistrations = []
        let kept = registrar.count - before
        log.info("registrations were loaded", metadata: ["kept": "\(kept)", "dropped": "\(stored.count - kept)"])
        schedulePruning()
        return kept
    }

    /// What is taken from now on; contacts that are registered stay as they are.
    public var limits: RegistrarLimits {
        get { registrar.limits }
        set { registrar.limits = newValue }
    }

    // MARK: Requests and questions

    /// Carries out a REGISTER.
    public func handle(_ request: RegisterRequest) -> RegisterOutcome {
        let outcome = registrar.handle(request, now: .now)
        if case .accepted(_, let changes) = outcome {
            publish(changes)
            if storage?.isLoaded == false, unregistrations.count < RegistrarService.mostUnregistrations, request.endsSomething {
                unregistrations.append(request)
            }
            onRegister?(request)
        }
        return outcome
    }

    /// The contacts of `user`, the most recent first.
    public func bindings(of user: String) -> [Binding] { registrar.bindings(of: user, now: .now) }

    /// The contacts that a call to `user` goes to: as many as there are phones. See ``Registrar/targets(of:now:)``.
    public func targets(of user: String) -> [Binding] { registrar.targets(of: user, now: .now) }

    /// Whether a contact was registered from this `address:port` by a connection.
    public func hasPeer(_ peer: String) -> Bool { registrar.hasPeer(peer) }

    /// All contacts, in no order.
    public var all: [Binding] { registrar.all }

    /// Contacts in all.
    public var count: Int { registrar.count }

    /// Users with a contact, in no order.
    public var userNames: [String] { registrar.userNames }

    /// How many users have a contact.
    public var userCount: Int { registrar.userCount }

    /// Ends what was registered over a connection that is closed.
    ///
    /// - Returns: What was ended.
    @discardableResult
    public func remove(flow: String) -> [Binding] {
        let changes = registrar.remove(flow: flow)
        publish(changes)
        return changes.map(\.binding)
    }

    /// Ends all contacts of a user.
    ///
    /// - Returns: What was ended.
    @discardableResult
    public func remove(user: String) -> [Binding] {
        let changes = registrar.remove(user: user)
        publish(changes)
        return changes.map(\.binding)
    }

    /// Ends those contacts of a user that its phone has at another node by now.
    ///
    /// - Returns: What was ended.
    @discardableResult
    public func remove(movedOf user: String, where isGone: (Binding) -> Bool) -> [Binding] {
        let changes = registrar.remove(movedOf: user, where: isGone)
        publish(changes)
        return changes.map(\.binding)
    }

    /// How many contacts wait to be stored.
    public var waiting: Int { storage.map { $0.waiting ?? count } ?? 0 }

    /// Stores everything once more, as where the store has forgotten it.
    public func storeEverything() { storage?.writeEverythingNow() }

    // MARK: Ends

    /// Waits until everything is stored, a write has failed, or `limit` has passed.
    ///
    /// - Returns: Whether everything is stored.
    @discardableResult
    public func flush(limit: Duration = .seconds(5)) async -> Bool {
        await storage?.flush(limit: limit) ?? true
    }

    /// Stores what is not stored yet, and closes the database. Nothing is stored afterwards.
    public func stop() async {
        pruning?.timer.cancel()
        pruning = nil
        onChange = nil
        onRegister = nil
        onLoad = nil
        await storage?.stop()
    }

    /// Runs when the first binding may have ended, at most once a second.
    private func schedulePruning() {
        guard let end = registrar.earliestEnd else { return }
        let now = ContinuousClock.now
        let at = max(end, now + .seconds(1))
        if let pruning, pruning.at <= at { return }
        pruning?.timer.cancel()
        let timer = LoopTimer.schedule(after: at - now) { [weak self] in
            guard let self else { return }
            self.pruning = nil
            self.publish(self.registrar.prune(now: .now, most: RegistrarService.prunedAtOnce))
            self.schedulePruning()
        }
        pruning = (timer, at)
    }

    private func publish(_ changes: [BindingChange]) {
        guard !changes.isEmpty else { return }
        storage?.store(changes)
        schedulePruning()
        for change in changes {
            let metadata: Logger.Metadata = ["user": "\(change.binding.user)", "contact": "\(change.binding.contact)"]
            switch change.kind {
            case .registered: log.info("a phone has registered", metadata: metadata)
            case .refreshed: log.debug("a phone has refreshed its registration", metadata: metadata)
            case .unregistered(let reason):
                log.info("a phone is no longer registered", metadata: metadata.merging(["reason": "\(reason.rawValue)"]) { $1 })
            }
            onChange?(change)
        }
    }
}

internal import Dispatch
public import EventLoop
public import Logging
public import Registrar
public import SIPNames

/// This gateway as a node of a cluster: tells the others by Redis what it has, and knows what they have.
///
/// Questions are answered from memory. Redis is asked on queues of its own: one writes, one reads. While Redis is away, what was known last counts;
/// when it is back everything is written and read anew.
@LoopActor
public final class ClusterService {
    /// How long to wait before Redis is read again after an error, at first and at most.
    private static let retries = (first: Duration.milliseconds(500), longest: Duration.seconds(5))
    /// Presences are gathered for so long before they are written.
    private static let delay = Duration.milliseconds(10)
    /// How long the start and the end wait for Redis.
    private static let patience = Duration.seconds(5)
    /// Ends of bindings of other nodes that wait to be written.
    private static let mostEnded = 10_000
    /// Those that are written at once, and how long that may take: signs of life wait meanwhile.
    private nonisolated static let endedAtOnce = (number: 100, time: Duration.seconds(1))
    /// Users whose bindings are compared with those of other nodes before the loop serves others.
    private static let settledAtOnce = 200
    /// How often a node that is gone is looked through for what has ended.
    private static let pruning = Duration.seconds(5)

    public let name: String
    /// Tells this process from others of the same name.
    public let instance: String
    /// Where the other nodes reach this one.
    public var address: ListenAddress { settings.address }
    private let settings: ClusterSettings
    private let log: Logger
    private let store: NodeStore
    private let reader: ClusterReader
    private let writing = DispatchQueue(label: "tern.cluster.writing")
    private let reading = DispatchQueue(label: "tern.cluster.reading")
    /// For the registrar: where its bindings are kept.
    public let bindings: any BindingStore

    private var map = ClusterMap()
    private var credentials: NodeCredentials
    private let seal: NodeSeal
    private var lines = LineBudget(perSecond: 20)
    /// The bindings of this node.
    private weak var registrar: RegistrarService?
    /// The users who have a browser here.
    private var browsers: Set<String> = []
    /// Those of them that are not written as they are, or all.
    private var changed: Set<String>? = nil
    /// Bindings of other nodes whose phones have ended them here, which Redis has not been told yet.
    private var ended: [EndedBinding] = []
    private var isEnding = false
    /// Whether the connection to Redis was lost between two signs of life.
    private var hasLost = false
    /// Users whose bindings are still to be compared with those of other nodes.
    private var unsettled: [String] = []
    private var isSettling = false
    /// Nodes beyond those that are looked at.
    private var omitted = 0
    private var heartbeat: LoopTimer?
    private var gathering: LoopTimer?
    private var isWriting = false
    private var isStopped = false
    /// Why Redis could not be written to and read from last; nil where it could.
    private var failures: (writing: String?, reading: String?)
    private var hasComplained = false
    /// How often in a row Redis had none of the bindings that there are.
    private var missing = 0
    private var pruned = ContinuousClock.now
    private var tally = Tally()

    /// What has happened since the start.
    private struct Tally {
        var written, read, loaded: ContinuousClock.Instant?
        var loads = 0
        var errors = (writing: 0, reading: 0)
        var server: String?
    }

    /// Set while this node takes no new calls; the others are told.
    public var isDraining = false { didSet { if isDraining != oldValue { beat() } } }

    /// - Parameter isDraining: Whether it takes no calls at first, as a gateway that starts.
    public init(_ settings: ClusterSettings, isDraining: Bool = false, log: Logger) {
        self.isDraining = isDraining
        self.settings = settings
        self.log = log
        name = settings.node
        instance = (0..<4).map { _ in String(UInt32.random(in: .min ... .max), radix: 16) }.joined()
        store = NodeStore(settings, instance: instance)
        reader = ClusterReader(settings)
        bindings = RedisBindingStore(settings, instance: instance)
        credentials = NodeCredentials(secret: settings.secret, name: settings.node, since: NodeCredentials.now)
        seal = NodeSeal(secret: settings.secret)
    }

    /// Whether Redis is written to and read from.
    public var isReached: Bool { failures.writing == nil && failures.reading == nil }

    /// Why not; nil where it is.
    public var failure: String? { failures.writing ?? failures.reading }

    /// The Redis server that was written to last.
    public var server: String? { tally.server }

    /// How the cluster is, in numbers.
    public var figures: ClusterFigures {
        let now = ContinuousClock.now, states = map.states, counts = map.counts
        return ClusterFigures(
            isReached: isReached, up: states.count { $0.isAlive && !$0.isDraining }, draining: states.count { $0.isAlive && $0.isDraining },
            gone: states.count { !$0.isAlive }, omitted: omitted, bindings: counts.bindings, browsers: counts.browsers,
            waiting: (registrar?.waiting ?? 0) + ended.count + (changed?.count ?? browsers.count), loads: tally.loads, errors: tally.errors,
            sinceWritten: tally.written.map { now - $0 }, sinceRead: tally.read.map { now - $0 }, sinceLoaded: tally.loaded.map { now - $0 })
    }

    /// Whether all bindings here have been compared with those of other nodes.
    var isSettled: Bool { unsettled.isEmpty }

    // MARK: Start and stop

    /// Begins; returns when Redis has been written to and read from once, or does not answer in time.
    public func start() async {
        heartbeat = LoopTimer.schedule(after: settings.heartbeat, every: settings.heartbeat) { [weak self] in self?.beat() }
        let begun = FirstOutcome<Bool>()
        let bound = LoopTimer.schedule(after: ClusterService.patience) { [weak self] in
            if let self, !self.isStopped, self.isReached {
                self.failures.reading = "Redis does not answer"
                self.tell()
            }
            begun.settle(false)
        }
        LoopActor.task { [weak self] in
            await self?.write()
            if self?.isStopped == false { await self?.read() }
            begun.settle(true)
            var wait = ClusterService.retries.first
            while let self, !self.isStopped {
                if self.failures.reading == nil {
                    wait = ClusterService.retries.first
                } else {
                    await LoopTimer.sleep(for: wait)
                    wait = min(wait * 2, ClusterService.retries.longest)
                }
                if !self.isStopped { await self.read() }
            }
        }
        _ = await begun.value
        bound.cancel()
    }

    /// Says whose bindings this node's are. What others have of its phones by now is taken from it.
    public func use(_ registrar: RegistrarService) {
        self.registrar = registrar
        registrar.onRegister = { [weak self] request in self?.registered(request) }
        registrar.onLoad = { [weak self] in self?.settleAll() }
        settleAll()
    }

    /// Leaves the cluster, or does not wait for it longer than Redis may take. Bindings stay in Redis, for the next start.
    public func stop() async {
        guard !isStopped else { return }
        isStopped = true
        heartbeat?.cancel()
        gathering?.cancel()
        (heartbeat, gathering) = (nil, nil)
        let store = store, reader = reader, last = Array(ended.prefix(ClusterService.endedAtOnce.number))
        let done = FirstOutcome<Bool>()
        let bound = LoopTimer.schedule(after: ClusterService.patience) { done.settle(false) }
        LoopActor.task {
            await self.onQueue(self.writing) {
                _ = ClusterService.write(last, to: store)
                store.leave()
            }
            await self.onQueue(self.reading) { reader.close() }
            done.settle(true)
        }
        _ = await done.value
        bound.cancel()
    }

    // MARK: Questions

    /// The other nodes that ring something of a user's. Of the flows of one phone at several of them the most recent rings.
    ///
    /// - Parameters:
    ///   - instances: The phones (`+sip.instance`) that ring anyway: a node that has no more than flows of these is left out.
    ///   - caller: The Contact of a phone of the user's that calls, which is not rung itself.
    public func nodes(of user: String, except instances: Set<String> = [], caller: SIPURI? = nil) -> [ClusterTarget] {
        map.nodes(of: user, except: instances, caller: caller, now: .now)
    }

    /// Whether a user has a browser at another node.
    public func hasBrowser(_ user: String) -> Bool { map.hasBrowser(user) }

    /// The contacts of a user at nodes that are gone, or take no calls, which can be reached from here as well: through the Path by which they
    /// registered (RFC 3327).
    public func stranded(of user: String) -> [Binding] {
        let own = registrar?.bindings(of: user) ?? []
        let elsewhere = map.bindings(of: user)
        return map.stranded(of: user, now: .now).filter { binding in
            // A phone that has moved on is reached where it is now.
            !binding.path.isEmpty && !own.contains { $0.isOfSamePhone(as: binding) }
                && !elsewhere.contains { $0.binding != binding && $0.binding.isOfSamePhone(as: binding) && binding.isOlder(than: $0.binding) }
        }
    }

    /// Which process another node is, as far as it has said; nil where that is not known.
    public func instance(of node: String) -> String? { map.instance(of: node) }

    /// The other nodes, for people.
    public var states: [(node: ClusterNode, isAlive: Bool, isDraining: Bool)] { map.states }

    // MARK: Calls between nodes

    /// The value of an Authorization header for a call that is handed on to another node.
    ///
    /// - Parameter source: Who calls: what the other node finds in ``caller(_:user:takes:)``.
    public func authorization(to target: ClusterTarget, user: String, source: String) -> String {
        credentials.header(to: target.node.name, user: user, source: source, excepted: target.excepted, now: NodeCredentials.now)
    }

    /// The call that another node hands on, by its word; nil where it is none of a node's.
    ///
    /// - Parameters:
    ///   - user: Who is called.
    ///   - takes: Whether the call is taken now; its credentials are worth nothing afterwards.
    public func caller(_ authorizations: [String], user: String, takes: Bool) -> NodeCall? {
        switch credentials.check(authorizations, user: user, now: NodeCredentials.now, takes: takes) {
        case .none: return nil
        case .valid(let call): return call
        case .wrong(let reason):
            let (isAdmitted, omitted) = lines.admit()
            guard takes, isAdmitted else { return nil }
            var fields: Logger.Metadata = ["reason": "\(reason)"]
            if omitted > 0 { fields["omitted"] = "\(omitted)" }
            log.warning("wrong credentials of a node", metadata: fields)
            return nil
        }
    }

    /// The value of an Authorization header for a call that takes the place of one that a node had which is gone.
    ///
    /// - Parameters:
    ///   - node: The name of the node that has the other party.
    ///   - user: The user part of the Request-URI.
    ///   - source: Who calls.
    public func authorization(toNode node: String, user: String, source: String) -> String {
        credentials.header(to: node, user: user, source: source, now: NodeCredentials.now)
    }

    /// A text for a client to keep, which only nodes of this cluster can read, and only for the same user; nil where it cannot be made.
    public func seal(_ text: String, for user: String) -> String? { seal.seal(text, for: user) }

    /// What was sealed; nil where no node of this cluster has, or for another user.
    public func open(_ sealed: String, of user: String) -> String? { seal.open(sealed, of: user) }

    // MARK: What this node has

    /// Whether a user has a browser logged in here.
    public func setBrowser(_ user: String, isThere: Bool) {
        if isThere { browsers.insert(user) } else { browsers.remove(user) }
        changed?.insert(user)
        guard !isStopped, !isWriting, gathering == nil else { return }
        gathering = LoopTimer.schedule(after: ClusterService.delay) { [weak self] in
            self?.gathering = nil
            self?.beat()
        }
    }

    /// A phone has registered here, or unregistered: what other nodes have of it is over.
    private func registered(_ request: RegisterRequest) {
        settle(request.user)
        for (node, id, binding) in map.bindings(of: request.user) where request.ends(binding) {
            _ = map.take(.binding(node: node, id: id, nil))
            guard ended.count < ClusterService.mostEnded else { continue }
            ended.append(EndedBinding(node: node, id: id, user: binding.user, at: ClusterClock.current.wall, expires: binding.expires))
        }
        writeEnded()
    }

    /// Ends bindings of other nodes in Redis. What cannot be written now is tried again with the next sign of life.
    private func writeEnded() {
        guard !isStopped, !isEnding, failures.writing == nil, !ended.isEmpty else { return }
        isEnding = true
        let store = store, some = Array(ended.prefix(ClusterService.endedAtOnce.number))
        LoopActor.task {
            let (written, failed) = await self.onQueue(self.writing) { ClusterService.write(some, to: store) }
            self.isEnding = false
            self.ended.removeFirst(min(written, self.ended.count))
            if failed { self.hasLost = true } else { self.writeEnded() }
        }
    }

    /// - Returns: How many could be written in the time that there is, and whether Redis was lost meanwhile.
    private nonisolated static func write(_ ended: [EndedBinding], to store: NodeStore) -> (count: Int, failed: Bool) {
        let begin = ContinuousClock.now
        for (index, one) in ended.enumerated() where one.expires > .now {
            if begin.duration(to: .now) > endedAtOnce.time { return (index, false) }
            do throws(RedisError) {
                try store.end(one)
            } catch {
                // What is no hash of bindings never will be.
                if error.code != "WRONGTYPE" { return (index, true) }
            }
        }
        return (ended.count, false)
    }

    /// Compares all bindings here with those of other nodes: some now, and the others when the loop has served what waits.
    private func settleAll() {
        unsettled = registrar?.userNames ?? []
        settleSome()
        guard !isSettling, !unsettled.isEmpty else { return }
        isSettling = true
        LoopActor.task { [weak self] in
            while let self, !self.isStopped, !self.unsettled.isEmpty {
                await LoopTimer.sleep(for: .milliseconds(1))
                self.settleSome()
            }
            self?.isSettling = false
        }
    }

    private func settleSome() {
        for user in unsettled.suffix(ClusterService.settledAtOnce) { settle(user) }
        unsettled.removeLast(min(ClusterService.settledAtOnce, unsettled.count))
    }

    /// Ends those bindings of a user here whose phone has registered at another node since.
    private func settle(_ user: String) {
        guard let registrar, !registrar.bindings(of: user).isEmpty else { return }
        let elsewhere = map.bindings(of: user).map(\.binding)
        guard !elsewhere.isEmpty else { return }
        registrar.remove(movedOf: user) { own in elsewhere.contains { $0.isOfSamePhone(as: own) && own.isOlder(than: $0) } }
    }

    // MARK: Writing

    /// What this node says of itself.
    private var record: NodeRecord { NodeRecord(address: settings.address, isDraining: isDraining, instance: instance) }

    private func beat() {
        guard !isStopped, !isWriting else { return }
        LoopActor.task { [weak self] in await self?.write() }
    }

    /// Says that this node lives, and writes which browsers have come and gone.
    private func write() async {
        guard !isWriting else { return }
        isWriting = true
        let store = store, reader = reader, record = record, all = browsers, changes = hasLost ? nil : changed, server = tally.server
        let mayBeAnother = failures.writing != nil || hasLost
        (changed, hasLost) = ([], false)
        let result = await onQueue(writing) { () -> Result<NodeStore.Standing, RedisError> in
            do throws(RedisError) {
                let standing = try store.claim(record)
                if standing.isNew || changes == nil || server.map({ $0 != standing.server }) == true || (standing.browsers == 0 && !all.isEmpty) {
                    try store.write(.browsers, everything: all.map { ($0, "1") })
                } else {
                    try store.write(.browsers, (changes ?? []).map { all.contains($0) ? .set($0, "1") : .remove($0) })
                }
                return .success(standing)
            } catch {
                return .failure(error)
            }
        }
        isWriting = false
        switch result {
        case .success(let standing):
            failures.writing = nil
            let wasAway = mayBeAnother || server.map { $0 != standing.server } == true
            (tally.written, tally.server) = (.now, standing.server)
            missing = standing.bindings == 0 && registrar?.count ?? 0 > 0 ? missing + 1 : 0
            if standing.isNew || wasAway || missing > 1 { registrar?.storeEverything() }
            // A server that was away may be another one by now.
            if wasAway { reading.async { reader.close() } }
            writeEnded()
            if changed?.isEmpty == false || record != self.record { beat() }
        case .failure(let error):
            failures.writing = error.description
            tally.errors.writing += 1
            changed = nil
        }
        tell()
    }

    // MARK: Reading

    private func read() async {
        let reader = reader
        let result = await onQueue(reading) { () -> Result<[ClusterNews], RedisError> in
            do throws(RedisError) { return .success(try reader.poll()) } catch { return .failure(error) }
        }
        guard !isStopped else { return }
        switch result {
        case .failure(let error):
            failures.reading = error.description
            tally.errors.reading += 1
        case .success(let news):
            failures.reading = nil
            tally.read = .now
            if case .loaded? = news.first {
                tally.loads += 1
                tally.loaded = .now
            }
            for one in news { take(one) }
        }
        tell()
        if pruned.duration(to: .now) > ClusterService.pruning {
            pruned = .now
            map.prune(now: .now)
        }
    }

    private func take(_ news: ClusterNews) {
        switch news {
        case .ended(let id, let user, let at): registrar?.remove(movedOf: user) { "\($0.id)" == id && $0.updated <= at }
        case .crowded(let others):
            if others > omitted { log.warning("there are too many nodes in the cluster: some are not called", metadata: ["omitted": "\(others)"]) }
            omitted = others
        case .binding, .browser: renew(map.take(news))
        case .loaded, .node, .alive, .left:
            let before = map.states
            var former: [NodeContent] = []
            let renewal = map.take(news) { former += $0 }
            // Freeing thousands of bindings takes a while as well. The queue may come to it at once: by then nothing here may have them any more.
            let released = ReleasedContents(former)
            former = []
            reading.async { released.release() }
            renew(renewal)
            report(since: before)
        }
    }

    private func renew(_ renewal: ClusterMap.Renewal) {
        switch renewal {
        case .users(let users): for user in users { settle(user) }
        case .everyone: settleAll()
        }
    }

    /// Says which nodes are in another state than before.
    private func report(since before: [(node: ClusterNode, isAlive: Bool, isDraining: Bool)]) {
        let after = map.states
        for (node, isAlive, isDraining) in after {
            let former = before.first { $0.node == node }
            guard former == nil ? isAlive : former.map({ $0.isAlive != isAlive || $0.isDraining != isDraining }) ?? false else { continue }
            let state = !isAlive ? "gone" : isDraining ? "draining" : "there"
            log.notice("a node of the cluster is \(state)", metadata: ["node": "\(node.name)", "address": "\(node.address)"])
        }
    }

    /// Says once that Redis is away, and what that means; and that it is back.
    private func tell() {
        if let failure {
            guard !hasComplained else { return }
            hasComplained = true
            log.error("the cluster is not reached: other nodes do not learn what registers and logs in here; of them counts what was known last", metadata: ["reason": "\(failure)"])
        } else if hasComplained {
            hasComplained = false
            log.notice("the cluster is reached again", metadata: ["node": "\(name)"])
        }
    }

    private func onQueue<Value: Sendable>(_ queue: DispatchQueue, _ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: body()) } }
    }
}

extension ClusterService {
    /// Gives no sign of life any more, as a process that was killed. For tests.
    func die() {
        isStopped = true
        heartbeat?.cancel()
        gathering?.cancel()
    }
}

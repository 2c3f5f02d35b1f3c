internal import Authentication
public import Configuration
public import EventLoop
public import Logging
public import SIP
internal import SIPNames

/// The trunks at work: runs a ``TrunkMachine`` for each, and does with SIP what it says.
@LoopActor
public final class TrunkService {
    /// A trunk, its machine and its credentials.
    final class Entry {
        var trunk: Trunk
        /// What took its place, with its calls, when the trunk was changed.
        private(set) var successor: Entry?
        var machine: TrunkMachine
        var timer: LoopTimer?
        var digest: DigestClient?
        /// The address of the registrar that took our contact last: as long as it has it, calls from there are the trunk's.
        var registrar: String?

        init(_ trunk: Trunk) {
            self.trunk = trunk
            machine = TrunkMachine(trunk)
            digest = trunk.credentials.map {
                DigestClient(username: $0.username, credential: $0.credential, realm: $0.realm)
            }
        }

        /// The one that counts the calls of this one.
        var current: Entry { successor?.current ?? self }

        /// What takes its place: the trunk as it is now, with the calls that there are.
        func replaced(by trunk: Trunk) -> Entry {
            let entry = Entry(trunk)
            entry.machine.calls = machine.calls
            successor = entry
            return entry
        }
    }

    private var entries: [String: Entry]
    private let log: Logger
    /// Set while the trunks are at work.
    private(set) weak var endpoint: (any SIPUserAgent)?
    private(set) var hops: NextHops?
    /// The ends of registrations that are under way.
    var farewells: Set<Task<Void, Never>> = []

    public init(_ trunks: [Trunk], log: Logger) {
        entries = Dictionary(trunks.map { ($0.name, Entry($0)) }) { first, _ in first }
        self.log = log
    }

    // MARK: Life

    /// Begins to register, and to look after the targets.
    public func start(_ endpoint: any SIPUserAgent, hops: NextHops) {
        self.endpoint = endpoint
        self.hops = hops
        for entry in entries.values { handle(.started, of: entry) }
    }

    /// Ends the registrations; waits for the answers, but not long.
    public func stop() async {
        for entry in entries.values {
            handle(.stopped, of: entry)
            entry.timer?.cancel()
        }
        for farewell in farewells { await farewell.value }
        farewells = []
        endpoint = nil
        hops = nil
    }

    /// Takes other trunks: unregisters those that are gone, starts those that are new, and keeps what has not changed as it is. Calls of any
    /// trunk go on.
    public func apply(_ trunks: [Trunk]) {
        let wanted = Dictionary(trunks.map { ($0.name, $0) }) { first, _ in first }
        for (name, entry) in entries where wanted[name] == nil {
            // The farewell is challenged, and answered by who is in the table.
            _ = retire(entry)
            entries[name] = nil
        }
        for (name, trunk) in wanted where entries[name]?.trunk != trunk {
            guard let entry = entries[name] else {
                begin(Entry(trunk))
                continue
            }
            guard trunk.hasSameLine(as: entry.trunk) else {
                begin(entry.replaced(by: trunk), after: retire(entry))
                continue
            }
            entry.trunk = trunk
            entry.machine.maximumCalls = trunk.maximumCalls
        }
    }

    /// Ends its registration and its keepalives.
    ///
    /// - Returns: What waits for the registrar's answer.
    private func retire(_ entry: Entry) -> Set<Task<Void, Never>> {
        let before = farewells
        handle(.stopped, of: entry)
        entry.timer?.cancel()
        return farewells.subtracting(before)
    }

    /// Puts a trunk to work. A registrar must not hear of its contact before it has heard that the former one ends.
    private func begin(_ entry: Entry, after farewells: Set<Task<Void, Never>> = []) {
        entries[entry.trunk.name] = entry
        guard endpoint != nil else { return }
        guard !farewells.isEmpty else { return handle(.started, of: entry) }
        LoopActor.task { [weak self] in
            for farewell in farewells { await farewell.value }
            guard let self, endpoint != nil, entries[entry.trunk.name] === entry else { return }
            handle(.started, of: entry)
        }
    }

    /// In the order of their names.
    var all: [Entry] { entries.values.sorted { $0.trunk.name < $1.trunk.name } }

    /// The state of each trunk, in the order of their names.
    public var states: [(name: String, state: TrunkState, calls: Int)] {
        entries.values.map { ($0.trunk.name, $0.machine.state, $0.machine.calls) }.sorted { $0.name < $1.name }
    }

    /// The trunk with whose registrar at this address we are registered. Several accounts of one carrier are told apart by the
    /// contact that a call comes in for.
    public func trunk(registeredAt address: String, dialled: String) -> String? {
        let trunks = entries.values.filter { $0.registrar == address && $0.machine.isRegistered(now: .now) }.map(\.trunk).sorted { $0.name < $1.name }
        return (trunks.first { $0.registration?.contact == dialled } ?? trunks.first)?.name
    }

    // MARK: Credentials

    /// Answers the challenges of a trunk; nil where we have nothing to answer them with.
    public func authorizer(for trunk: Trunk) -> SIPAuthorizer? {
        guard let entry = entries[trunk.name], entry.digest != nil else { return nil }
        return { challenge in
            entry.digest?.authorization(for: challenge.values, method: challenge.method, uri: challenge.requestURI)
        }
    }

    // MARK: Calls

    /// Where a call by this trunk is tried, in this order, each with its place in ``Trunk/targets``.
    public func candidates(of trunk: Trunk) -> [(index: Int, target: TrunkTarget)] {
        (entries[trunk.name]?.machine.candidates ?? []).filter(trunk.targets.indices.contains).map { ($0, trunk.targets[$0]) }
    }

    /// A place for one more call, in either direction; nil where there are as many as there may be.
    public func place(on trunk: Trunk) -> TrunkPlace? {
        guard let entry = entries[trunk.name], entry.machine.takeCall() else { return nil }
        return TrunkPlace { entry.current.machine.releaseCall() }
    }

    /// What a target said to a call: its final status, or nil when it rings.
    public func note(_ status: Int?, from target: Int, of trunk: Trunk) {
        // The targets of a call that began before the trunk was changed are others.
        guard let entry = entries[trunk.name], entry.trunk.targets == trunk.targets else { return }
        let failed = status.map(trunk.failsOver) ?? false
        handle(failed ? .callFailed(target: target) : .callAnswered(target: target), of: entry)
    }

    // MARK: The machines

    func handle(_ event: TrunkMachine.Event, of entry: Entry) {
        for action in entry.machine.handle(event, now: .now) { perform(action, of: entry) }
    }

    private func perform(_ action: TrunkMachine.Action, of entry: Entry) {
        switch action {
        case .sendRegister(let target, let expires): register(entry, target: target, expires: expires)
        case .sendUnregister(let target): unregister(entry, target: target)
        case .sendOptions(let target): options(entry, target: target)
        case .schedule(let delay):
            entry.timer?.cancel()
            entry.timer = LoopTimer.schedule(after: delay) { [weak self] in self?.handle(.timer, of: entry) }
        case .cancelTimer:
            entry.timer?.cancel()
            entry.timer = nil
        case .report(let state):
            log.notice("trunk", metadata: ["trunk": "\(entry.trunk.name)", "state": "\(state)"])
        }
    }
}

/// The place of one call on a trunk, given back once.
@LoopActor
public final class TrunkPlace {
    private var release: (@LoopActor () -> Void)?

    init(release: @escaping @LoopActor () -> Void) {
        self.release = release
    }

    public func leave() {
        release?()
        release = nil
    }
}

/// Tells by its source address which trunk sends a request.
public struct SourceMatcher: Sendable {
    /// The longest ranges first, so that the first that fits is the nearest.
    private let entries: [(range: AddressRange, trunk: String, domains: [RouteDomain])]

    public init(_ trunks: [Trunk]) {
        let all = trunks.flatMap { trunk in trunk.inbound.addresses.map { ($0, trunk.name, trunk.inbound.domains) } }
        entries = all.sorted { $0.0.length > $1.0.length }
    }

    /// The name of the trunk; nil where the address is no trunk's, or where its calls come in under other domains.
    ///
    /// - Parameters:
    ///   - source: Where the request really came from, `192.0.2.1:5060` or `[2001:db8::1]:5060`; the port is of no account.
    ///   - domain: The host of the Request-URI.
    public func trunk(source: String, domain: String) -> String? {
        guard let address = SocketAddress(source)?.ip ?? IPAddress(host: source) else { return nil }
        return trunk(of: address, domain: domain)
    }

    func trunk(of address: IPAddress, domain: String) -> String? {
        guard let entry = entries.first(where: { $0.range.contains(address) }) else { return nil }
        return entry.domains.isEmpty || entry.domains.contains { $0.matches(domain) } ? entry.trunk : nil
    }
}

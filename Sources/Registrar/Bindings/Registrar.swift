/// Which contacts each user has (RFC 3261 10.3), without sockets, files or a clock: the time is told to it, and what it
/// changed is told to the caller.
public struct Registrar: Sendable {
    public internal(set) var limits: RegistrarLimits
    /// Bindings in all, those included that ended and were not pruned yet.
    public private(set) var count = 0
    /// No binding ends before this; nil where there is none. Grows only by ``prune(now:)``.
    public private(set) var earliestEnd: ContinuousClock.Instant?

    /// Each user's bindings, the most recent first. No entry is empty.
    private var users: [String: [Binding]] = [:]
    /// Who registered over a flow.
    private var flows: [String: Set<String>] = [:]
    /// Contacts registered from each `address:port`.
    private var peers: [String: Int] = [:]
    private var lastID: Int64 = 0

    public init(limits: RegistrarLimits = RegistrarLimits()) {
        self.limits = limits
    }

    /// Users with a binding, those included whose bindings ended and were not pruned yet.
    public var userCount: Int { users.count }

    /// Whether a contact was registered from this `address:port`.
    func hasPeer(_ peer: String) -> Bool { peers[peer] != nil }

    /// Everything there is, in no order. With many it takes a while: a copy can do it elsewhere.
    public var all: [Binding] { users.values.flatMap { $0 } }

    /// Users with a contact, in no order.
    public var userNames: [String] { Array(users.keys) }

    /// The bindings of `user` that have not ended, the most recent first.
    public func bindings(of user: String, now: ContinuousClock.Instant) -> [Binding] {
        users[user]?.filter { $0.isAlive(at: now) } ?? []
    }

    /// The bindings that a call to `user` goes to: of those that one phone registered over several flows (the same instance,
    /// RFC 5626 7), only the most recent.
    public func targets(of user: String, now: ContinuousClock.Instant) -> [Binding] {
        var instances: Set<String> = []
        return bindings(of: user, now: now).filter { binding in
            binding.instance.map { instances.insert($0).inserted } ?? true
        }
    }

    /// The binding with this number, ended or not.
    func binding(_ id: Int64, of user: String) -> Binding? {
        users[user]?.first { $0.id == id }
    }

    // MARK: Changes

    /// Carries out a REGISTER wholly, or not at all.
    public mutating func handle(_ request: RegisterRequest, now: ContinuousClock.Instant) -> RegisterOutcome {
        let before = bindings(of: request.user, now: now)
        var ended = (users[request.user] ?? []).filter { !$0.isAlive(at: now) }.map {
            BindingChange(kind: .unregistered(.expired), binding: $0)
        }
        let update: RegisterUpdate
        do throws(RegisterUpdate.Refusal) {
            update = try RegisterUpdate(request, before: before, limits: limits, now: now)
        } catch {
            return error.outcome
        }
        let growth = update.after.count - before.count
        if growth > 0 {
            guard update.after.count <= limits.contactsPerUser else { return .tooManyContacts(limit: limits.contactsPerUser) }
            guard count - ended.count + growth <= limits.bindings, users[request.user] != nil || users.count < limits.users
            else { return .full }
        }
        var after = update.after
        var changes = update.changes
        for index in after.indices where after[index].id == 0 {
            lastID += 1
            after[index].id = lastID
            changes.append(BindingChange(kind: .registered, binding: after[index]))
        }
        set(after, for: request.user)
        ended += changes
        return .accepted(bindings: after, changes: ended)
    }

    /// Takes what a former process has stored. What exceeds the limits is left out, and what is of a phone that has registered since.
    ///
    /// - Returns: What was left out.
    public mutating func restore(_ stored: [Binding]) -> [Binding] {
        var left: [Binding] = []
        let present = users, numbers = Set(all.map(\.id))
        lastID = stored.reduce(lastID) { max($0, $1.id) }
        for var binding in stored.sorted(by: { $0.updated > $1.updated }) {
            let own = users[binding.user] ?? []
            if numbers.contains(binding.id) {
                lastID += 1
                binding.id = lastID
            }
            if present[binding.user]?.contains(where: { $0.isOfSamePhone(as: binding) }) == true {
                left.append(binding)
            } else if own.count < limits.contactsPerUser, count < limits.bindings, !own.isEmpty || users.count < limits.users {
                set(own + [binding], for: binding.user)
            } else {
                left.append(binding)
            }
        }
        return left
    }

    /// Ends what was registered over a connection that is closed. Bindings with a Path stay: they are reached through it,
    /// not over the flow.
    public mutating func remove(flow: String) -> [BindingChange] {
        var changes: [BindingChange] = []
        for user in flows[flow] ?? [] {
            remove(of: user, reason: .flowClosed, into: &changes) { $0.flow == flow && $0.path.isEmpty }
        }
        return changes
    }

    /// Ends all bindings of a user.
    public mutating func remove(user: String) -> [BindingChange] {
        var changes: [BindingChange] = []
        remove(of: user, reason: .unregistered, into: &changes) { _ in true }
        return changes
    }

    /// Ends those bindings of a user that its phone has at another node by now.
    mutating func remove(movedOf user: String, where isGone: (Binding) -> Bool) -> [BindingChange] {
        var changes: [BindingChange] = []
        remove(of: user, reason: .moved, into: &changes, where: isGone)
        return changes
    }

    /// Forgets what has ended by `now`, of at most `most` users at once. Looks at every binding, if one may have ended: see
    /// ``earliestEnd``, which stays in the past while some are left.
    public mutating func prune(now: ContinuousClock.Instant, most: Int = .max) -> [BindingChange] {
        guard let earliestEnd, earliestEnd <= now else { return [] }
        var changes: [BindingChange] = []
        let ended = users.lazy.filter { entry in entry.value.contains { !$0.isAlive(at: now) } }.map(\.key)
        for user in Array(ended.prefix(most)) {
            remove(of: user, reason: .expired, into: &changes) { !$0.isAlive(at: now) }
        }
        self.earliestEnd = users.values.lazy.joined().map(\.expires).min()
        return changes
    }

    private mutating func remove(
        of user: String, reason: BindingChange.Reason, into changes: inout [BindingChange], where isGone: (Binding) -> Bool
    ) {
        let own = users[user] ?? []
        let gone = own.filter(isGone)
        guard !gone.isEmpty else { return }
        set(own.filter { !isGone($0) }, for: user)
        changes += gone.map { BindingChange(kind: .unregistered(reason), binding: $0) }
    }

    /// The one place where the tables change.
    private mutating func set(_ after: [Binding], for user: String) {
        let before = users[user] ?? []
        count += after.count - before.count
        for old in before {
            let left = (peers[old.received] ?? 1) - 1
            peers[old.received] = left > 0 ? left : nil
        }
        for new in after { peers[new.received, default: 0] += 1 }
        users[user] = after.isEmpty ? nil : after
        for old in before where !after.contains(where: { $0.flow == old.flow }) {
            flows[old.flow]?.remove(user)
            if flows[old.flow]?.isEmpty == true { flows[old.flow] = nil }
        }
        for new in after where !before.contains(where: { $0.flow == new.flow }) {
            flows[new.flow, default: []].insert(user)
        }
        if let end = after.map(\.expires).min() { earliestEnd = min(end, earliestEnd ?? end) }
    }
}

/// What a registrar takes. Times are whole seconds.
public struct RegistrarLimits: Sendable, Equatable {
    /// The shortest time that a phone may ask for, above 0; less is answered with 423. At most an hour, as RFC 3261 10.3 has it.
    public var minimumExpires = 60
    /// The longest time; more is cut to it. Also what a phone gets that asks for none.
    public var maximumExpires = 3_600
    /// Contacts that one user may have.
    public var contactsPerUser = 10
    /// Users that have a contact, and contacts in all.
    public var users = 10_000
    public var bindings = 50_000

    /// Contacts in one request: all that there may be, ended and replaced.
    var contactsPerRequest: Int { 2 * contactsPerUser }
    /// Bytes of a contact's URI, or of one URI of a Path.
    let uriLength = 1_024
    /// URIs of a Path.
    let pathLength = 16
    /// Bytes of a Call-ID, an instance, a user, a flow.
    let textLength = 256

    public init() {}
}

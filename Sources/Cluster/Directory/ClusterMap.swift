internal import Registrar
public import SIPNames

/// Another node of the cluster.
public struct ClusterNode: Sendable, Hashable {
    public let name: String
    /// Where it is reached by SIP.
    public let address: ListenAddress

    public init(name: String, address: ListenAddress) {
        self.name = name
        self.address = address
    }
}

/// Another node that rings something of a user's.
public struct ClusterTarget: Sendable, Equatable {
    public let node: ClusterNode
    /// The phones (`+sip.instance`) that it has, and another one rings.
    public let excepted: Set<String>
    /// Nodes that ring nothing of the user's otherwise, and have older flows of phones that this one rings: where it cannot, they may ring these. The one
    /// with the most recent is first.
    public let fallbacks: [ClusterTarget]

    public init(node: ClusterNode, excepted: Set<String> = [], fallbacks: [ClusterTarget] = []) {
        self.node = node
        self.excepted = excepted
        self.fallbacks = fallbacks
    }
}

/// What other nodes have, as far as this one knows. Pure.
///
/// Contents are made elsewhere, and given up to be released elsewhere: taking them costs the loop no more than the number of nodes.
struct ClusterMap {
    private struct Node {
        var content: NodeContent
        var isAlive: Bool

        /// Whether calls may go there.
        var takesCalls: Bool { isAlive && !content.record.isDraining }

        /// The bindings of a user that have not ended.
        func bindings(of user: String, now: ContinuousClock.Instant) -> [Binding] { content.bindings[user]?.values.filter { $0.expires > now } ?? [] }
    }

    /// Whose bindings at other nodes may be others than before.
    enum Renewal: Equatable {
        case users([String])
        case everyone
    }

    private var nodes: [String: Node] = [:]
    private var names: [String] { nodes.keys.sorted() }
    /// The node that was pruned last.
    private var pruned = ""

    /// Each node that is known, and whether it lives and takes calls.
    var states: [(node: ClusterNode, isAlive: Bool, isDraining: Bool)] {
        names.compactMap { name in
            nodes[name].map { (ClusterNode(name: name, address: $0.content.record.address), $0.isAlive, $0.content.record.isDraining) }
        }
    }

    /// Which process a node is, as far as it has said.
    func instance(of name: String) -> String? { nodes[name]?.content.record.instance }

    /// How many bindings other nodes have, and users with browsers there.
    var counts: (bindings: Int, browsers: Int) {
        nodes.values.reduce(into: (0, 0)) { $0 = ($0.0 + $1.content.count, $0.1 + $1.content.browsers.count) }
    }

    /// The nodes that ring something of a user's, in the order of their names. Of the flows of one phone (RFC 5626 section 7) at several nodes the most
    /// recent rings: the others are told to leave it.
    ///
    /// - Parameters:
    ///   - instances: Phones that ring anyway: a node that has no more than flows of these is left out.
    ///   - caller: The Contact of a phone of the user's that calls: it is not rung where it is registered. One that gives no instance is left out only where a
    ///     node has nothing else.
    func nodes(of user: String, except instances: Set<String> = [], caller: SIPURI? = nil, now: ContinuousClock.Instant) -> [ClusterTarget] {
        let taking = nodes.filter(\.value.takesCalls)
        func calls(_ binding: Binding) -> Bool { caller?.matches(binding.contact) == true }
        let instances = caller == nil ? instances
            : instances.union(taking.values.flatMap { $0.bindings(of: user, now: now) }.filter(calls).compactMap(\.instance))
        // The nodes that have a flow of each phone, the most recent first.
        var flows: [String: [(at: ContinuousClock.Instant, node: String)]] = [:]
        for (name, node) in taking {
            for binding in node.bindings(of: user, now: now) {
                guard let instance = binding.instance, !instances.contains(instance) else { continue }
                flows[instance, default: []].append((binding.updated, name))
            }
        }
        for instance in flows.keys { flows[instance]?.sort { ($0.at, $0.node) > ($1.at, $1.node) } }
        let ringing = taking.compactMap { name, node -> (name: String, node: Node, excepted: Set<String>)? in
            let bindings = node.bindings(of: user, now: now)
            let excepted = Set(bindings.compactMap(\.instance).filter { flows[$0]?.first?.node != name })
            guard node.content.browsers.contains(user) || bindings.contains(where: { $0.instance.map { !excepted.contains($0) } ?? !calls($0) }) else { return nil }
            return (name, node, excepted)
        }
        func target(_ name: String, _ node: Node, _ excepted: Set<String>, _ fallbacks: [ClusterTarget] = []) -> ClusterTarget {
            ClusterTarget(
                node: ClusterNode(name: name, address: node.content.record.address), excepted: node.content.record.takesExceptions ? excepted : [], fallbacks: fallbacks)
        }
        let names = Set(ringing.map(\.name))
        return ringing.map { name, node, excepted in
            // The flows of the phones that are rung here, at nodes that ring nothing.
            let older = flows.values.filter { $0.first?.node == name }.joined().filter { !names.contains($0.node) }.sorted { ($0.at, $0.node) > ($1.at, $1.node) }
            var fallbacks: [ClusterTarget] = []
            for flow in older where !fallbacks.contains(where: { $0.node.name == flow.node }) {
                guard let other = taking[flow.node] else { continue }
                let others = other.bindings(of: user, now: now).compactMap(\.instance).filter { flows[$0]?.first?.node != name }
                fallbacks.append(target(flow.node, other, Set(others)))
            }
            return target(name, node, excepted, fallbacks)
        }.sorted { $0.node.name < $1.node.name }
    }

    /// Whether a user has a browser at another node.
    func hasBrowser(_ user: String) -> Bool { nodes.values.contains { $0.isAlive && $0.content.browsers.contains(user) } }

    /// The bindings of a user at nodes that ring nothing at the moment, as they are gone or take no calls, but for those of phones that other nodes ring.
    /// The most recent are first.
    func stranded(of user: String, now: ContinuousClock.Instant) -> [Binding] {
        func bindings(_ takesCalls: Bool) -> [Binding] {
            nodes.values.filter { $0.takesCalls == takesCalls }.flatMap { $0.bindings(of: user, now: now) }
        }
        let instances = Set(bindings(true).compactMap(\.instance))
        return bindings(false).filter { $0.instance.map { !instances.contains($0) } ?? true }
            .sorted { ($0.updated, $0.id) > ($1.updated, $1.id) }
    }

    /// The bindings that other nodes have of a user, with the node and the number.
    func bindings(of user: String) -> [(node: String, id: String, binding: Binding)] {
        names.flatMap { name in (nodes[name]?.content.bindings[user] ?? [:]).sorted { $0.key < $1.key }.map { (name, $0.key, $0.value) } }
    }

    // MARK: Changes

    /// Takes what is new.
    ///
    /// - Parameter released: Gets what counts no longer and may be large.
    /// - Returns: Of whom other nodes have bindings that were not there before.
    mutating func take(_ news: ClusterNews, released: ([NodeContent]) -> Void = { _ in }) -> Renewal {
        switch news {
        case .loaded(let contents):
            released(nodes.values.map(\.content))
            nodes = contents.reduce(into: [:]) { $0[$1.key] = Node(content: $1.value, isAlive: nodes[$1.key]?.isAlive ?? false) }
            return .everyone
        case .node(let name, let content):
            released(nodes[name].map { [$0.content] } ?? [])
            nodes[name] = Node(content: content, isAlive: nodes[name]?.isAlive ?? false)
            return .everyone
        case .alive(let living, let names):
            // A node that Redis no longer has was taken out.
            released(nodes.filter { !names.contains($0.key) }.map(\.value.content))
            nodes = nodes.filter { names.contains($0.key) }
            for name in nodes.keys { nodes[name]?.isAlive = living.contains(name) }
            return .users([])
        case .left(let name):
            nodes[name]?.isAlive = false
            return .users([])
        case .binding(let node, let id, let binding):
            // A node that is not known yet is loaded as a whole.
            nodes[node]?.content.set(binding, id: id)
            return .users(nodes[node] == nil ? [] : binding.map { [$0.user] } ?? [])
        case .browser(let node, let user, let isThere):
            if isThere { nodes[node]?.content.browsers.insert(user) } else { nodes[node]?.content.browsers.remove(user) }
            return .users([])
        case .ended, .crowded: return .users([])
        }
    }

    /// Forgets what has ended at one of the nodes that are gone, which do not say so themselves: at each in its turn.
    mutating func prune(now: ContinuousClock.Instant) {
        let gone = nodes.filter { !$0.value.isAlive }.map(\.key).sorted()
        guard let name = gone.first(where: { $0 > pruned }) ?? gone.first else { return }
        pruned = name
        let ended = nodes[name]?.content.bindings.values.joined().filter { $0.value.expires <= now }.map(\.key) ?? []
        for id in ended { nodes[name]?.content.set(nil, id: id) }
    }
}

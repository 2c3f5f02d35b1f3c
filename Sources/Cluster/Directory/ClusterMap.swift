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

/// What other nodes have, as far as this one knows. Pure.
struct ClusterMap {
    private struct Node {
        var record: NodeRecord
        var isAlive: Bool
        /// By user, and by their numbers.
        private(set) var bindings: [String: [String: Binding]] = [:]
        /// Whose binding has a number.
        private var users: [String: String] = [:]
        var browsers: Set<String>

        init(_ content: NodeContent, isAlive: Bool) {
            record = content.record
            self.isAlive = isAlive
            browsers = content.browsers
            for (id, binding) in content.bindings { set(binding, id: id) }
        }

        /// Whether calls may go there.
        var takesCalls: Bool { isAlive && !record.isDraining }

        mutating func set(_ binding: Binding?, id: String) {
            if let user = users[id] {
                bindings[user]?[id] = nil
                if bindings[user]?.isEmpty == true { bindings[user] = nil }
            }
            users[id] = binding?.user
            if let binding { bindings[binding.user, default: [:]][id] = binding }
        }
    }

    private var nodes: [String: Node] = [:]
    private var names: [String] { nodes.keys.sorted() }

    /// Each node that is known, and whether it lives and takes calls.
    var states: [(node: ClusterNode, isAlive: Bool, isDraining: Bool)] {
        names.compactMap { name in nodes[name].map { (ClusterNode(name: name, address: $0.record.address), $0.isAlive, $0.record.isDraining) } }
    }

    /// The nodes that ring something of a user's, in the order of their names.
    ///
    /// - Parameter instances: Phones that ring anyway: a node that has no more than flows of these (RFC 5626 section 7) is left out.
    func nodes(of user: String, except instances: Set<String> = [], now: ContinuousClock.Instant) -> [ClusterNode] {
        nodes.filter { _, node in
            node.takesCalls && (node.browsers.contains(user) || node.bindings[user]?.values.contains {
                $0.expires > now && $0.instance.map { !instances.contains($0) } ?? true
            } == true)
        }.map { ClusterNode(name: $0.key, address: $0.value.record.address) }.sorted { $0.name < $1.name }
    }

    /// Whether a user has a browser at another node.
    func hasBrowser(_ user: String) -> Bool { nodes.values.contains { $0.isAlive && $0.browsers.contains(user) } }

    /// The bindings of a user at nodes that ring nothing at the moment, as they are gone or take no calls, but for those of phones that other nodes ring.
    /// The most recent are first.
    func stranded(of user: String, now: ContinuousClock.Instant) -> [Binding] {
        func bindings(_ takesCalls: Bool) -> [Binding] {
            nodes.values.filter { $0.takesCalls == takesCalls }.flatMap { node in node.bindings[user]?.values.filter { $0.expires > now } ?? [] }
        }
        let instances = Set(bindings(true).compactMap(\.instance))
        return bindings(false).filter { $0.instance.map { !instances.contains($0) } ?? true }
            .sorted { ($0.updated, $0.id) > ($1.updated, $1.id) }
    }

    /// The bindings that other nodes have of a user, with the node and the number.
    func bindings(of user: String) -> [(node: String, id: String, binding: Binding)] {
        names.flatMap { name in (nodes[name]?.bindings[user] ?? [:]).sorted { $0.key < $1.key }.map { (name, $0.key, $0.value) } }
    }

    // MARK: Changes

    /// Takes what is new.
    ///
    /// - Returns: The users of whom other nodes have bindings that were not there before.
    mutating func take(_ news: ClusterNews) -> Set<String> {
        switch news {
        case .loaded(let contents):
            nodes = contents.reduce(into: [:]) { $0[$1.key] = Node($1.value, isAlive: nodes[$1.key]?.isAlive ?? false) }
            return Set(contents.values.flatMap { $0.bindings.values.map(\.user) })
        case .node(let name, let content):
            nodes[name] = Node(content, isAlive: nodes[name]?.isAlive ?? false)
            return Set(content.bindings.values.map(\.user))
        case .alive(let living):
            for name in nodes.keys { nodes[name]?.isAlive = living.contains(name) }
            return []
        case .left(let name):
            nodes[name]?.isAlive = false
            return []
        case .binding(let node, let id, let binding):
            // A node that is not known yet is loaded as a whole.
            nodes[node]?.set(binding, id: id)
            return nodes[node] == nil ? [] : binding.map { [$0.user] } ?? []
        case .browser(let node, let user, let isThere):
            if isThere { nodes[node]?.browsers.insert(user) } else { nodes[node]?.browsers.remove(user) }
            return []
        case .ended, .crowded: return []
        }
    }

    /// Forgets what has ended at nodes that are gone, which do not say so themselves.
    mutating func prune(now: ContinuousClock.Instant) {
        for (name, node) in nodes where !node.isAlive {
            for (id, binding) in node.bindings.values.joined() where binding.expires <= now { nodes[name]?.set(nil, id: id) }
        }
    }
}

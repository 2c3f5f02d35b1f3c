internal import Registrar

/// What is new in the cluster.
enum ClusterNews: Sendable, Equatable {
    /// All that other nodes have; nothing else counts any more.
    case loaded([String: NodeContent])
    /// All that one has.
    case node(String, NodeContent)
    /// Which nodes live, and which there are; others do not, or are not.
    case alive(Set<String>, of: Set<String>)
    /// A node has left of its own accord.
    case left(String)
    /// A binding of another node; nil where it is gone.
    case binding(node: String, id: String, Binding?)
    /// Whether a user has a browser at another node.
    case browser(node: String, user: String, Bool)
    /// Another node says that a binding of ours is over, if it was not refreshed after `at`.
    case ended(id: String, user: String, at: ContinuousClock.Instant)
    /// So many nodes are not looked at.
    case crowded(omitted: Int)
}

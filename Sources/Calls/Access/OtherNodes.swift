public import Cluster
public import EventLoop
public import Registrar
public import SIPNames

/// What the calls of this gateway know of the other nodes of its cluster.
@LoopActor
public protocol OtherNodes: AnyObject {
    /// The name of this node, which process of that name this is, and where the others reach it.
    var name: String { get }
    var instance: String { get }
    var address: ListenAddress { get }
    /// Whether what is known of the others is of this moment.
    var isReached: Bool { get }
    /// Which process another node is, as far as it has said; nil where that is not known.
    func instance(of node: String) -> String?
    /// The other nodes that ring something of a user's. Of the flows of one phone at several of them the most recent rings.
    ///
    /// - Parameters:
    ///   - instances: The phones (`+sip.instance`) that ring anyway: a node that has no more than flows of these is left out.
    ///   - caller: The Contact of a phone of the user's that calls, which is not rung itself.
    func nodes(of user: String, except instances: Set<String>, caller: SIPURI?) -> [ClusterTarget]
    /// Whether a user has a browser at another node.
    func hasBrowser(_ user: String) -> Bool
    /// The contacts of a user at nodes that are gone, which are reached from here through their Path, the most recent first.
    func stranded(of user: String) -> [Binding]
    /// The value of an Authorization header for a call that is handed on to another node.
    func authorization(to target: ClusterTarget, user: String, source: String) -> String
    /// The call to a user that another node hands on, by its word; nil where it is none of a node's.
    func caller(_ authorizations: [String], user: String, takes: Bool) -> NodeCall?
    /// The value of an Authorization header for a call that takes the place of one that a node had which is gone.
    ///
    /// - Parameters:
    ///   - node: The name of the node that has the other party.
    ///   - user: The user part of the Request-URI.
    func authorization(toNode node: String, user: String, source: String) -> String
    /// A text for a client to keep, which only nodes of this cluster can read, and only for the same user; nil where it cannot be made.
    func seal(_ text: String, for user: String) -> String?
    /// What was sealed; nil where no node of this cluster has, or for another user.
    func open(_ sealed: String, of user: String) -> String?
}

extension ClusterService: OtherNodes {}

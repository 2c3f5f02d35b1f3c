public import Authentication
public import SIPNames

/// Which node this gateway is, and where the nodes know each other from.
public struct ClusterSettings: Sendable {
    /// The name of this node: letters, digits and `-_.`, different from that of every other.
    public var node: String
    /// Where other nodes reach it by SIP.
    public var address: ListenAddress
    /// What all nodes know, and nobody else.
    public var secret: Secret
    public var redis: RedisServer
    /// Begins each key in Redis.
    public var prefix: String
    /// No binding lasts longer than this, in seconds.
    public var longest: Int
    /// A node that has given no sign of life for so long is gone.
    public var lifetime = Duration.seconds(10)
    /// How often it gives one.
    public var heartbeat = Duration.seconds(3)

    public init(node: String, address: ListenAddress, secret: Secret, redis: RedisServer, prefix: String = "tern:", longest: Int = 3_600) {
        self.node = node
        self.address = address
        self.secret = secret
        self.redis = redis
        self.prefix = prefix
        self.longest = longest
    }
}

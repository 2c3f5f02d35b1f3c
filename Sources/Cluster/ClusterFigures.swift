/// A cluster as one of its nodes sees it, in numbers.
public struct ClusterFigures: Sendable {
    /// Whether Redis is written to and read from.
    public let isReached: Bool
    /// The other nodes.
    public let up, draining, gone: Int
    /// Nodes beyond those that are looked at.
    public let omitted: Int
    /// Bindings that other nodes have, and users with browsers there.
    public let bindings, browsers: Int
    /// What waits to be written to Redis.
    public let waiting: Int
    /// How often everything that other nodes have was read.
    public let loads: Int
    /// How often Redis could not be written to, and read from.
    public let errors: (writing: Int, reading: Int)
    /// How long ago this node was written, changes were read, and everything was read; nil before the first time.
    public let sinceWritten, sinceRead, sinceLoaded: Duration?
}

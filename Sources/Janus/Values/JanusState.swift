/// How a client stands with its Janus.
public enum JanusState: Sendable, Equatable {
    /// No connection, and none in the making; while the client runs it tries again after a while.
    case down(reason: String)
    case connecting
    /// There is a session: handles can be attached.
    case ready
}

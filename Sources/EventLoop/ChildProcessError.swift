/// Why a child process did not start.
public enum ChildProcessError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no such program, or it may not be executed.
    case notExecutable(path: String, reason: String)
    /// The system refused to start it.
    case notStarted(path: String, reason: String)

    public var description: String {
        switch self {
        case .notExecutable(let path, let reason): "\(path): \(reason)"
        case .notStarted(let path, let reason): "\(path) did not start: \(reason)"
        }
    }
}

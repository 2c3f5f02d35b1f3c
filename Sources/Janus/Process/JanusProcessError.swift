/// Why a Janus of one's own does not run.
public enum JanusProcessError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The configuration cannot work.
    case configuration(String)
    /// The program, or one of its libraries, is missing or not executable.
    case installation(String)
    /// A file or directory could not be written.
    case file(path: String, reason: String)
    /// It did not load Tern's plugin, or loaded another one than this gateway's.
    case engine(String)
    /// It ended by itself.
    case ended(String)
    /// It runs and does not answer.
    case silent(String)
    /// It took more memory than it may; both are in bytes.
    case memory(used: Int, limit: Int)

    public var description: String {
        switch self {
        case .configuration(let text), .installation(let text), .engine(let text), .ended(let text), .silent(let text): text
        case .memory(let used, let limit): "it takes \(used >> 20) MB of memory, of \(limit >> 20) MB that it may"
        case .file(let path, let reason): "\(path): \(reason)"
        }
    }
}

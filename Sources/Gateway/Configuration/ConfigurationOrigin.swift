/// Where a value of the configuration was written.
public enum ConfigurationOrigin: Sendable, Hashable, CustomStringConvertible {
    /// Line and column count from 1.
    case file(path: String, line: Int, column: Int)
    /// The name of the variable.
    case environment(String)
    /// The name of the argument, with its dashes.
    case argument(String)
    /// Nobody wrote it.
    case builtIn

    public var description: String {
        switch self {
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .environment(let name): "environment variable \(name)"
        case .argument(let name): "argument \(name)"
        case .builtIn: "default"
        }
    }
}

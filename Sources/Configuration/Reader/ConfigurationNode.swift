/// A value as it was written, with the place where it was.
struct ConfigurationNode {
    enum Value {
        /// `key:` with nothing behind it, `~` or `null`.
        case empty
        case text(String)
        case list([ConfigurationNode])
        case mapping([Entry])
    }

    /// One `key: value` of a mapping.
    struct Entry {
        let key: String
        let keyOrigin: ConfigurationOrigin
        var value: ConfigurationNode
    }

    let origin: ConfigurationOrigin
    var value: Value

    /// The value of `key`, when this is a mapping that has it.
    subscript(key: String) -> ConfigurationNode? {
        guard case .mapping(let entries) = value else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// Puts `node` at `path`, in place of what is there; mappings on the way are made as needed.
    mutating func set(_ path: ArraySlice<String>, to node: ConfigurationNode) {
        guard let key = path.first else {
            self = node
            return
        }
        var entries: [Entry] = []
        if case .mapping(let existing) = value { entries = existing }
        let rest = path.dropFirst()
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value.set(rest, to: node)
        } else {
            var child = ConfigurationNode(origin: node.origin, value: .empty)
            child.set(rest, to: node)
            entries.append(Entry(key: key, keyOrigin: node.origin, value: child))
        }
        value = .mapping(entries)
    }
}

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

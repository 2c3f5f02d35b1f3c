/// A mapping that is being read: a section, a user, a route. Tells unknown keys, and hands values to their readers.
struct ConfigurationSection {
    /// As in a message: `sip`, `users[0]`; empty at the top.
    let path: String
    let node: ConfigurationNode
    let problems: ConfigurationProblems

    /// - Returns: Nil when `node` is not a mapping, which is then among the problems. An empty one counts as one without keys.
    init?(_ node: ConfigurationNode, path: String, known: [String], problems: ConfigurationProblems) {
        self.path = path
        self.node = node
        self.problems = problems
        switch node.value {
        case .empty:
            break
        case .text, .list:
            let example = known.first.map { ", as in \"\($0): …\"" } ?? ""
            problems.add(node.origin, key: path, "this must consist of keys\(example)")
            return nil
        case .mapping(let entries):
            for entry in entries where !known.contains(entry.key) {
                let hint = ConfigurationSection.home(of: entry.key) ?? Suggestion.hint(for: entry.key, among: known)
                problems.add(entry.keyOrigin, key: key(ConfigurationText.shown(entry.key)), "unknown key\(hint)")
            }
        }
    }

    /// Where a key belongs that other sections have: ` here: it belongs under sip or http`.
    private static func home(of name: String) -> String? {
        let owners = ConfigurationKey.owners(of: name)
        guard let last = owners.last else { return nil }
        if owners.contains("") { return " here: it belongs at the top, without indentation" }
        return " here: it belongs under \(owners.count == 1 ? last : owners.dropLast().joined(separator: ", ") + " or " + last)"
    }

    /// The full name of a key of this section.
    func key(_ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    /// The value of `name` when somebody wrote it.
    func written(_ name: String) -> ConfigurationNode? {
        guard let node = node[name] else { return nil }
        if case .empty = node.value { return nil }
        return node
    }

    /// Where `name` was written, or this section when it was not.
    func origin(of name: String) -> ConfigurationOrigin {
        node[name]?.origin ?? node.origin
    }

    /// Reads a single value; nil when nobody wrote it, or when it is wrong.
    func value<Value>(
        _ name: String, _ read: (String) throws(ConfigurationText.Refusal) -> Value
    ) -> Value? {
        guard let node = written(name) else { return nil }
        return single(node, key: key(name), read)
    }

    /// Reads a single value into `target`, which stays as it is when nobody wrote one.
    func read<Value>(
        _ name: String, into target: inout Value, _ read: (String) throws(ConfigurationText.Refusal) -> Value
    ) {
        if let value = value(name, read) { target = value }
    }

    /// Reads the items of a list, each with its origin and its key; nil when nobody wrote the list. A single value counts
    /// as a list of one.
    func list<Value>(
        _ name: String, count: ClosedRange<Int>, _ read: (String) throws(ConfigurationText.Refusal) -> Value
    ) -> [(value: Value, origin: ConfigurationOrigin, key: String)]? {
        guard let node = node[name] else { return nil }
        return items(of: node, name: name, count: count).enumerated().compactMap { index, item in
            let key = "\(key(name))[\(index)]"
            return single(item, key: key, read).map { ($0, item.origin, key) }
        }
    }

    /// The nodes of a list of sections, as `users`; one section counts as a list of one.
    ///
    /// - Parameter known: The keys of a section. A mapping that has none of them is a mistake of its own, told once.
    func sections(of node: ConfigurationNode, name: String, count: ClosedRange<Int>, known: [String]) -> [ConfigurationNode] {
        let isList: Bool = switch node.value {
        case .empty, .list: true
        case .text: false
        case .mapping(let entries): entries.contains { known.contains($0.key) }
        }
        if isList { return items(of: node, name: name, count: count) }
        let example = known.first.map { ", as in \"- \($0): …\"" } ?? ""
        problems.add(node.origin, key: key(name), "\(name) is a list: each entry begins with a dash\(example)")
        return []
    }

    /// The nodes of a list, at most as many as `count` allows.
    func items(of node: ConfigurationNode, name: String, count: ClosedRange<Int>) -> [ConfigurationNode] {
        let items: [ConfigurationNode] = switch node.value {
        case .empty: []
        case .text, .mapping: [node]
        case .list(let items): items
        }
        if !count.contains(items.count) {
            let bounds = "\(count.lowerBound) to \(count.upperBound)"
            problems.add(node.origin, key: key(name), "\(bounds) entries are possible, not \(items.count)")
        }
        return Array(items.prefix(count.upperBound))
    }

    private func single<Value>(
        _ node: ConfigurationNode, key: String, _ read: (String) throws(ConfigurationText.Refusal) -> Value
    ) -> Value? {
        switch node.value {
        case .text(let text):
            do throws(ConfigurationText.Refusal) {
                return try read(text)
            } catch {
                problems.add(node.origin, key: key, error.reason)
            }
        case .empty: problems.add(node.origin, key: key, "a value is missing")
        case .list: problems.add(node.origin, key: key, "one value is expected, not a list")
        case .mapping: problems.add(node.origin, key: key, "one value is expected, not a section")
        }
        return nil
    }
}

internal import Glibc
internal import Yams

/// Turns YAML text into nodes that know their lines.
enum ConfigurationYAML {
    /// Longest text that is read, in bytes.
    static let longestText = 1 << 20

    /// - Parameter place: Gives the origin of what stands at a line and column.
    /// - Returns: Nil for a text without a document, and when it could not be read, which is then among the problems.
    static func parse(
        _ text: String, problems: ConfigurationProblems, place: (_ line: Int, _ column: Int) -> ConfigurationOrigin
    ) -> ConfigurationNode? {
        do {
            guard let root = try Parser(yaml: text).singleRoot() else { return nil }
            return node(root, problems: problems, place: place)
        } catch let error as YamlError {
            if case .duplicatedKeysInMapping(let names, let context) = error {
                addDuplicate(of: names.first ?? "", at: (context.mark.line, context.mark.column), in: text, problems: problems, place: place)
            } else {
                let (line, column, reason) = explain(error, in: text)
                problems.add(place(line, column), key: "", reason)
            }
        } catch {
            problems.add(place(1, 1), key: "", "the text cannot be read as YAML")
        }
        return nil
    }

    private static func node(
        _ node: Node, problems: ConfigurationProblems, place: (Int, Int) -> ConfigurationOrigin
    ) -> ConfigurationNode {
        let origin = place(node.mark?.line ?? 1, node.mark?.column ?? 1)
        switch node {
        case .scalar(let scalar):
            let isEmpty = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return ConfigurationNode(origin: origin, value: isEmpty ? .empty : .text(scalar.string))
        case .sequence(let sequence):
            return ConfigurationNode(
                origin: origin, value: .list(sequence.map { self.node($0, problems: problems, place: place) }))
        case .mapping(let mapping):
            var entries: [ConfigurationNode.Entry] = []
            for (key, value) in mapping {
                let keyOrigin = place(key.mark?.line ?? 1, key.mark?.column ?? 1)
                guard let name = key.scalar?.string else {
                    problems.add(keyOrigin, key: "", "a key must be a word")
                    continue
                }
                let child = self.node(value, problems: problems, place: place)
                entries.append(.init(key: name, keyOrigin: keyOrigin, value: child))
            }
            return ConfigurationNode(origin: origin, value: .mapping(entries))
        case .alias:
            problems.add(origin, key: "", "an alias that refers to nothing")
            return ConfigurationNode(origin: origin, value: .empty)
        }
    }

    /// What people stumble over who do not write YAML every day.
    private static func hint(_ problem: String, at line: Int, _ column: Int, in text: String) -> String {
        if problem.contains("alphabetic or numeric") { return "; a text that begins with * or & must stand in quotes, as in match: \"*\"" }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.indices.contains(line - 1) else { return "" }
        let indentation = lines[line - 1].prefix { $0 == " " || $0 == "\t" }
        if indentation.contains("\t") { return "; lines are indented by spaces, not by tabs" }
        guard problem.contains("cannot start any token"), let first = lines[line - 1].unicodeScalars.dropFirst(column - 1).first else { return "" }
        return "; a text that begins with \(first) must stand in quotes, as in \"\(first)bc\""
    }

    /// Tells of a key that stands in its section twice, where it stands the second time.
    private static func addDuplicate(
        of name: String, at first: (line: Int, column: Int), in text: String, problems: ConfigurationProblems,
        place: (_ line: Int, _ column: Int) -> ConfigurationOrigin
    ) {
        let shown = ConfigurationText.shown(name)
        if let second = repetition(of: name, behind: first, in: text) {
            problems.add(place(second.line, second.column), key: "", "\(shown) stands twice in its section, here and at \(place(first.line, first.column))")
        } else {
            problems.add(place(first.line, first.column), key: "", "\(shown) stands twice in its section")
        }
    }

    /// Where a key stands again: later in its line, as in `{a: 1, a: 2}`, or at the same indentation of a later line.
    private static func repetition(of name: String, behind first: (line: Int, column: Int), in text: String) -> (line: Int, column: Int)? {
        func isKey(_ text: some Sequence<Character>) -> Bool {
            var rest = String(text).drop { $0 == "\"" || $0 == "'" }
            guard rest.hasPrefix(name) else { return false }
            rest = rest.dropFirst(name.count).drop { $0 == "\"" || $0 == "'" || $0 == " " }
            return rest.first == ":"
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.indices.contains(first.line - 1), first.column > 0 else { return nil }
        let own = Array(lines[first.line - 1])
        for index in own.indices.dropFirst(first.column) where " {,".contains(own[index - 1]) && isKey(own[index...]) {
            return (first.line, index + 1)
        }
        for (index, line) in lines.enumerated().dropFirst(first.line)
        where line.prefix(while: { $0 == " " }).count == first.column - 1 && isKey(line.dropFirst(first.column - 1)) {
            return (index + 1, first.column)
        }
        return nil
    }

    private static func explain(_ error: YamlError, in text: String) -> (line: Int, column: Int, reason: String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let reason = [context?.text, problem].compactMap { $0 }.joined(separator: ", ")
            return (mark.line, mark.column, "not YAML: \(reason)\(hint(problem, at: mark.line, mark.column, in: text))")
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.count { $0.isNewline } + 1
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            return (line, column, "not YAML: \(problem)")
        default:
            return (1, 1, "not YAML: \(error)")
        }
    }
}

/// Reads a configuration file whole, within bounds.
enum ConfigurationFile {
    /// - Returns: Nil when it cannot be read; the problem is then among `problems`.
    static func read(_ path: String, problems: ConfigurationProblems) -> String? {
        let origin = ConfigurationOrigin.file(path: path, line: 1, column: 1)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            problems.add(origin, key: "", "the file cannot be opened: \(String(cString: strerror(errno)))")
            return nil
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= ConfigurationYAML.longestText {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return decode(bytes, origin: origin, problems: problems) }
            if count < 0 {
                if errno == EINTR { continue }
                problems.add(origin, key: "", "the file cannot be read: \(String(cString: strerror(errno)))")
                return nil
            }
            bytes += chunk.prefix(count)
        }
        problems.add(origin, key: "", "the file is longer than 1 MiB")
        return nil
    }

    private static func decode(
        _ bytes: [UInt8], origin: ConfigurationOrigin, problems: ConfigurationProblems
    ) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            problems.add(origin, key: "", "the file is not UTF-8 text")
            return nil
        }
        return text
    }
}

/// Collects problems and warnings while a configuration is read, so that all of them are told at once.
final class ConfigurationProblems {
    private(set) var errors: [ConfigurationProblem] = []
    private(set) var warnings: [ConfigurationProblem] = []

    func add(_ origin: ConfigurationOrigin, key: String, _ reason: String) {
        errors.append(ConfigurationProblem(origin: origin, key: key, reason: reason))
    }

    func warn(_ origin: ConfigurationOrigin, key: String, _ reason: String) {
        warnings.append(ConfigurationProblem(origin: origin, key: key, reason: reason))
    }

    /// Whether `key` or something below it is wrong already.
    func concern(_ key: String) -> Bool {
        errors.contains { $0.key == key || $0.key.hasPrefix(key + ".") || $0.key.hasPrefix(key + "[") }
    }

    /// The errors in the order of the file; those from elsewhere after them, in the order in which they were found.
    var sorted: [ConfigurationProblem] {
        errors.enumerated().sorted { left, right in
            let (first, second) = (position(left.element), position(right.element))
            return first == second ? left.offset < right.offset : first < second
        }.map(\.element)
    }

    private func position(_ problem: ConfigurationProblem) -> (Int, Int) {
        guard case .file(_, let line, let column) = problem.origin else { return (Int.max, 0) }
        return (line, column)
    }
}

/// Something in the configuration that is wrong, or, as a warning, probably not meant.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
    public let origin: ConfigurationOrigin
    /// The key, as `users[1].name`; empty where it is the file as a whole.
    public let key: String
    /// What is wrong and, where it is known, what to do.
    public let reason: String

    /// `config/tern.yaml:12:5: sip.listen[0]: port 70000 is not in 0 to 65535`.
    public var description: String {
        key.isEmpty ? "\(origin): \(reason)" : "\(origin): \(key): \(reason)"
    }
}

/// A configuration that cannot be used: every problem that was found, in the order of the file.
public struct TernConfigurationError: Error, Sendable, CustomStringConvertible {
    public let problems: [ConfigurationProblem]

    /// One problem a line.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}

/// "Did you mean": finds the known word that a wrong one was probably meant to be.
public enum Suggestion {
    /// The nearest of `known`, when it is near enough to be worth telling.
    static func nearest(to word: String, among known: [String]) -> String? {
        let limit = max(1, min(3, word.count / 3))
        let ranked = known.map { (distance(word.lowercased(), $0.lowercased()), $0) }.filter { $0.0 <= limit }
        return ranked.min { $0.0 < $1.0 }?.1
    }

    /// ` (did you mean X?)`, or nothing.
    public static func hint(for word: String, among known: [String]) -> String {
        nearest(to: word, among: known).map { " (did you mean \($0)?)" } ?? ""
    }

    /// Edits that turn one word into the other; a swap of neighbours counts as one (optimal string alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.unicodeScalars.prefix(64)), Array(right.unicodeScalars.prefix(64)))
        var rows = [Array(0...right.count)]
        for i in 0..<left.count {
            var row = [i + 1]
            for j in 0..<right.count {
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}

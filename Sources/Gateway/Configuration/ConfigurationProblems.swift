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

/// What was written, layer over layer: arguments over environment over file. Where nothing was, the defaults stand.
struct ConfigurationLayers {
    private(set) var root = ConfigurationNode(origin: .builtIn, value: .mapping([]))

    /// - Parameters:
    ///   - file: Path of the file and its text.
    ///   - arguments: By the name with its dashes; several values make a list.
    init(
        file: (path: String, text: String)?, environment: [String: String], arguments: [String: [String]],
        problems: ConfigurationProblems
    ) {
        if let file { read(file.text, at: file.path, problems: problems) }
        for key in ConfigurationKey.all {
            let path = key.path.split(separator: ".").map(String.init)
            if let text = environment[key.environmentName] {
                let origin = ConfigurationOrigin.environment(key.environmentName)
                put(text, of: key, at: path, origin: origin, problems: problems)
            }
            if let values = arguments[key.argumentName], !values.isEmpty {
                let origin = ConfigurationOrigin.argument(key.argumentName)
                put(values.joined(separator: ","), of: key, at: path, origin: origin, problems: problems)
            }
        }
        warnOfMisspelt(environment, problems: problems)
    }

    private mutating func read(_ text: String, at path: String, problems: ConfigurationProblems) {
        let parsed = ConfigurationYAML.parse(text, problems: problems) { .file(path: path, line: $0, column: $1) }
        guard let parsed else { return }
        switch parsed.value {
        case .mapping: root = parsed
        case .empty: break
        case .text, .list: problems.add(parsed.origin, key: "", "the file must consist of sections, as in \"sip:\"")
        }
    }

    private mutating func put(
        _ text: String, of key: ConfigurationKey, at path: [String], origin: ConfigurationOrigin,
        problems: ConfigurationProblems
    ) {
        switch key.shape {
        case .scalar:
            root.set(path[...], to: ConfigurationNode(origin: origin, value: text.isEmpty ? .empty : .text(text)))
        case .list:
            let items = text.split(separator: ",").map { ConfigurationText.trimmed(String($0)) }
            let nodes = items.map { ConfigurationNode(origin: origin, value: .text($0)) }
            root.set(path[...], to: ConfigurationNode(origin: origin, value: .list(nodes)))
        case .structure:
            guard let node = ConfigurationYAML.parse(text, problems: problems, place: { _, _ in origin }) else { return }
            root.set(path[...], to: node)
        }
    }

    /// Variables that almost have our names. Others that start with `TERN_` are none of our business: an orchestrator sets
    /// such for a service of that name.
    private func warnOfMisspelt(_ environment: [String: String], problems: ConfigurationProblems) {
        let known = ConfigurationKey.all.map(\.environmentName)
        for name in environment.keys.sorted() where name.hasPrefix("TERN_") && !known.contains(name) {
            guard let meant = Suggestion.nearest(to: name, among: known) else { continue }
            problems.warn(.environment(name), key: "", "not known, and so ignored (did you mean \(meant)?)")
        }
    }
}

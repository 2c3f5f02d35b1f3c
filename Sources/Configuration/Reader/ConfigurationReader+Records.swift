internal import Glibc

extension ConfigurationReader {
    mutating func readRecords(_ section: ConfigurationSection?) {
        guard let section else { return }
        section.read("database", into: &configuration.records.database, ConfigurationText.recordDatabase)
        section.read("keep", into: &configuration.records.keep) { text throws(ConfigurationText.Refusal) in
            let longest = Duration.seconds(3_653 * 86_400)
            if try ConfigurationText.age(text, in: .zero ... longest) == .zero { return nil }
            return try ConfigurationText.age(text, in: .seconds(3_600) ... longest)
        }
        section.read("maximum_size", into: &configuration.records.maximumSize) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.size(text, in: (1 << 20)...(1 << 50))
        }
        configuration.records.file = section.value("file", ConfigurationText.path)
        configuration.records.url = section.value("url") { text throws(ConfigurationText.Refusal) in
            let lower = text.prefix(8).lowercased()
            guard lower.hasPrefix("http://") || lower.hasPrefix("https://") else {
                throw ConfigurationText.Refusal("\(ConfigurationText.quoted(ConfigurationText.withoutPassword(text))) must start with http:// or https://")
            }
            let url = try ConfigurationText.printable(text, in: 8...1_024)
            guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw ConfigurationText.Refusal("a URL has no blanks, and other characters as %XX") }
            return Secret(url)
        }
        warnOfMissingDirectories(section)
    }

    private func warnOfMissingDirectories(_ section: ConfigurationSection) {
        var paths: [(key: String, path: String)] = []
        if case .file(let path) = configuration.records.database { paths.append(("database", path)) }
        if let path = configuration.records.file { paths.append(("file", path)) }
        for (key, path) in paths where section.written(key) != nil {
            guard let slash = path.lastIndex(of: "/") else { continue }
            let directory = slash == path.startIndex ? "/" : String(path[..<slash])
            guard access(directory, F_OK) != 0 else { continue }
            problems.warn(section.origin(of: key), key: "records.\(key)", "there is no directory \(directory): calls are not recorded there until there is one")
        }
    }
}

extension ConfigurationText {
    /// `90d`, or a time as others.
    static func age(_ text: String, in range: ClosedRange<Duration>) throws(Refusal) -> Duration {
        guard text.hasSuffix("d") else { return try duration(text, in: range) }
        guard let days = Int(trimmed(String(text.dropLast()))), (0...100_000).contains(days) else { throw Refusal("\(quoted(text)) is not a time: 90d, 12h") }
        guard range.contains(.seconds(days * 86_400)) else {
            throw Refusal("\(text) is not in \(range.lowerBound.components.seconds / 3_600)h to \(range.upperBound.components.seconds / 86_400)d")
        }
        return .seconds(days * 86_400)
    }

    /// `none`, `memory`, a path, or `postgres://…`.
    static func recordDatabase(_ text: String) throws(Refusal) -> GatewayConfiguration.Records.Database {
        switch text.lowercased() {
        case "none": return .none
        case "memory", ":memory:": return .memory
        case let lower where lower.hasPrefix("postgres://") || lower.hasPrefix("postgresql://"): return .postgres(Secret(try printable(text, in: 1...1_024)))
        case let lower where lower.contains("://"):
            throw Refusal("\(quoted(withoutPassword(text))) is no database: none, memory, a file for SQLite, or postgres://USER:PASSWORD@HOST/DATABASE")
        default: return .file(try path(text))
        }
    }
}

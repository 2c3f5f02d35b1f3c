public import Authentication

/// The lines of `users` for one user, with hashes in place of the password: what `tern passwd` prints.
public struct UserEntry: Sendable {
    /// YAML, to go below `users:`.
    public let text: String

    /// - Throws: What is wrong with the name, the realm or the password.
    public init(name: String, realm: String, password: Secret) throws(TernConfigurationError) {
        try Self.check(name, argument: "name", ConfigurationText.userName)
        try Self.check(realm, argument: "--realm", ConfigurationText.realm)
        try Self.check(password.value, argument: "password") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.printable(text, in: 1...256)
        }
        let entry = PasswordEntry(user: name, realm: realm, password: password)
        text = """
              # for sip.realm: \(realm)
              - name: \(ConfigurationText.yaml(name))
                ha1: \(entry.text)
            """
    }

    private static func check(
        _ text: String, argument: String, _ read: (String) throws(ConfigurationText.Refusal) -> String
    ) throws(TernConfigurationError) {
        do throws(ConfigurationText.Refusal) {
            _ = try read(text)
        } catch {
            throw TernConfigurationError(problems: [ConfigurationProblem(origin: .argument(argument), key: "", reason: error.reason)])
        }
    }
}

extension ConfigurationText {
    /// A name as YAML reads it back: one that looks like a number or a word of YAML's own gets quotes.
    fileprivate static func yaml(_ name: String) -> String {
        let isPlain = name.utf8.first.map { $0 >= UInt8(ascii: "A") && $0 != UInt8(ascii: "~") } ?? false
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        return isPlain && !words.contains(name.lowercased()) ? name : "\"\(name)\""
    }
}

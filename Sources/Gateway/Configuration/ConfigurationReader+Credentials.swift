internal import Authentication

extension ConfigurationReader {
    /// As in `config/examples`.
    private static let examplePassword = Secret("change-me")

    /// Reads what proves somebody: `password`, or `ha1` in its place.
    ///
    /// - Parameter owner: As in "a user must have a password".
    /// - Returns: Nil when neither is there, both are, or one is wrong, which is then among the problems.
    func credential(_ section: ConfigurationSection, of owner: String) -> Credential? {
        let password = section.value("password") { text throws(ConfigurationText.Refusal) in
            Secret(try ConfigurationText.printable(text, in: 1...256))
        }
        let entry = section.value("ha1", ConfigurationText.passwordEntry)
        switch (section.written("password") != nil, section.written("ha1") != nil) {
        case (false, false):
            problems.add(
                section.origin(of: "password"), key: section.key("password"), "a \(owner) must have a password, or ha1 in its place")
            return nil
        case (true, true):
            problems.add(section.origin(of: "ha1"), key: section.key("ha1"), "a \(owner) has either a password or ha1, not both")
            return nil
        case (true, false):
            if password == Self.examplePassword {
                problems.warn(
                    section.origin(of: "password"), key: section.key("password"),
                    "change-me is the password of the examples, which everybody can read: choose another")
            }
            return password.map { .password($0) }
        case (false, true): return entry.map { .ha1($0) }
        }
    }
}

extension ConfigurationText {
    static func passwordEntry(_ text: String) throws(Refusal) -> PasswordEntry {
        do throws(AuthenticationError) {
            return try PasswordEntry(parsing: text)
        } catch {
            throw Refusal(error.description)
        }
    }

    /// What stands between quotes in a challenge, and within the hashes of passwords, without anything to escape.
    static func realm(_ text: String) throws(Refusal) -> String {
        let realm = try printable(text, in: 1...128)
        guard !realm.contains(where: { $0 == "\"" || $0 == "\\" }) else { throw Refusal("a realm has no quotes and no backslashes") }
        return realm
    }
}

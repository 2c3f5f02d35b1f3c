internal import Authentication

extension ConfigurationReader {
    private static let tokenKeys = [
        "name", "algorithm", "key", "key_file", "issuer", "audience", "clock_skew", "user_claim", "users",
    ]

    mutating func readTokens(_ top: ConfigurationSection) {
        guard let node = top.node["tokens"] else { return }
        configuration.tokens = []
        for (index, item) in top.sections(of: node, name: "tokens", count: 0...32, known: Self.tokenKeys).enumerated() {
            let path = "tokens[\(index)]"
            guard let section = ConfigurationSection(item, path: path, known: Self.tokenKeys, problems: problems),
                let key = tokenKey(section)
            else { continue }
            configuration.tokens.append(key)
        }
    }

    private func tokenKey(_ section: ConfigurationSection) -> TokenKey? {
        if section.written("algorithm") == nil {
            problems.add(section.origin(of: "algorithm"), key: section.key("algorithm"), "tokens must have an algorithm: HS256 or ES256")
        }
        func words(_ name: String) -> String? {
            section.value(name) { text throws(ConfigurationText.Refusal) in try ConfigurationText.printable(text, in: 1...256) }
        }
        let algorithm = section.value("algorithm") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: TokenAlgorithm.self)
        }
        let (name, issuer, audience, userClaim) = (words("name"), words("issuer"), words("audience"), words("user_claim"))
        let skew = section.value("clock_skew") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .zero ... .seconds(300))
        }
        let users = section.value("users") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: TokenUsers.self)
        }
        guard let (text, source) = tokenKeyText(section), let algorithm else { return nil }
        do throws(AuthenticationError) {
            var key = try TokenKey(name: name ?? issuer ?? section.path, algorithm: algorithm, key: text)
            key.issuer = issuer
            key.audience = audience
            if let skew { key.clockSkew = skew }
            if let userClaim { key.userClaim = userClaim }
            key.admitsUnknownUsers = users == .any
            return key
        } catch {
            problems.add(section.origin(of: source), key: section.key(source), error.description)
            return nil
        }
    }

    /// The key, and which of both keys of the configuration it is from.
    private func tokenKeyText(_ section: ConfigurationSection) -> (key: Secret, source: String)? {
        switch (section.written("key") != nil, section.written("key_file") != nil) {
        case (false, false):
            problems.add(section.origin(of: "key"), key: section.key("key"), "tokens must have a key, or a key_file that it is in")
            return nil
        case (true, true):
            problems.add(section.origin(of: "key_file"), key: section.key("key_file"), "tokens have either a key or a key_file, not both")
            return nil
        case (true, false):
            return section.value("key") { text throws(ConfigurationText.Refusal) in Secret(text) }.map { ($0, "key") }
        case (false, true):
            let found = ConfigurationProblems()
            guard let path = section.value("key_file", ConfigurationText.path) else { return nil }
            guard let text = ConfigurationFile.read(path, problems: found) else {
                problems.add(
                    section.origin(of: "key_file"), key: section.key("key_file"), "\(path): \(found.errors.first?.reason ?? "")")
                return nil
            }
            // An editor ends the file with a new line; none is meant to be part of a secret.
            let key = text.reversed().drop { $0.isNewline }.reversed()
            return (Secret(String(key)), "key_file")
        }
    }
}

/// The words of key `tokens[].users`.
private enum TokenUsers: String, CaseIterable {
    case known, any
}

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

extension ConfigurationReader {
    private static let userKeys = ["name", "password", "ha1", "display_name", "admin", "record"]

    mutating func readUsers(_ top: ConfigurationSection) {
        guard let node = top.node["users"] else { return }
        configuration.users = []
        var places: [String: ConfigurationOrigin] = [:]
        for (index, item) in top.sections(of: node, name: "users", count: 0...10_000, known: Self.userKeys).enumerated() {
            let path = "users[\(index)]"
            guard let section = ConfigurationSection(item, path: path, known: Self.userKeys, problems: problems),
                let user = user(section)
            else { continue }
            let origin = section.origin(of: "name")
            if let first = places[user.name] {
                problems.add(origin, key: "\(path).name", "there is a user \(user.name) already, at \(first)")
                continue
            }
            places[user.name] = origin
            let credential = section.written("password") == nil ? "ha1" : "password"
            userPlaces.append((section.key(credential), section.origin(of: credential)))
            configuration.users.append(user)
        }
    }

    private func user(_ section: ConfigurationSection) -> GatewayConfiguration.User? {
        if section.written("name") == nil {
            problems.add(section.origin(of: "name"), key: section.key("name"), "a user must have a name")
        }
        let name = section.value("name", ConfigurationText.userName)
        let credential = credential(section, of: "user")
        let displayName = section.value("display_name") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.printable(text, in: 1...128)
        }
        let isAdmin = section.value("admin", ConfigurationText.boolean) ?? false
        let isRecorded = section.value("record", ConfigurationText.boolean) ?? false
        guard let name, let credential else { return nil }
        return .init(name: name, credential: credential, displayName: displayName, isAdmin: isAdmin, isRecorded: isRecorded)
    }
}

public import Authentication

/// A password or key that neither prints nor dumps.
public typealias Secret = Authentication.Secret

extension GatewayConfiguration {
    /// One entry of `users`.
    public struct User: Sendable, Equatable {
        /// Key `name`: what the user logs in with and is dialled by; 1 to 64 of letters, digits and `. _ + - ~`.
        public var name: String
        /// Key `password`, 1 to 256 characters, or key `ha1`, hashes of one for the realm ``SIP/realm``.
        public var credential: Credential
        /// Key `display_name`: what a called party sees, at most 128 characters. Default: none.
        public var displayName: String?
        /// Key `admin`: may see and touch what others own. Default: false.
        public var isAdmin: Bool
        /// Key `record`: whether the calls of the user are recorded, from their answer on. Default: false.
        public var isRecorded: Bool

        public init(name: String, credential: Credential, displayName: String? = nil, isAdmin: Bool = false, isRecorded: Bool = false) {
            self.name = name
            self.credential = credential
            self.displayName = displayName
            self.isAdmin = isAdmin
            self.isRecorded = isRecorded
        }

        public init(name: String, password: Secret, displayName: String? = nil, isAdmin: Bool = false, isRecorded: Bool = false) {
            self.init(name: name, credential: .password(password), displayName: displayName, isAdmin: isAdmin, isRecorded: isRecorded)
        }
    }
}

/// The users of `config/tern.yaml`. Their passwords are public, so they serve on loopback only.
public enum SampleUsers {
    /// `alice` and `bob`.
    public static let all = [
        GatewayConfiguration.User(name: "alice", password: Secret("wonderland"), displayName: "Alice"),
        GatewayConfiguration.User(name: "bob", password: Secret("builder"), displayName: "Bob"),
    ]

    /// Whether the user's password is one that everybody can read in this repository.
    static func contains(passwordOf user: GatewayConfiguration.User, realm: String) -> Bool {
        all.contains { sample in
            guard case .password(let password) = sample.credential else { return false }
            return user.credential.matches(password, user: user.name, realm: realm)
        }
    }
}

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

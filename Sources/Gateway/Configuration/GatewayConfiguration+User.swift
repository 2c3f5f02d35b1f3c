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

        public init(name: String, credential: Credential, displayName: String? = nil, isAdmin: Bool = false) {
            self.name = name
            self.credential = credential
            self.displayName = displayName
            self.isAdmin = isAdmin
        }

        public init(name: String, password: Secret, displayName: String? = nil, isAdmin: Bool = false) {
            self.init(name: name, credential: .password(password), displayName: displayName, isAdmin: isAdmin)
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

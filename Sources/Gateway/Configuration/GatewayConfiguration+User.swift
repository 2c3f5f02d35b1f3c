extension GatewayConfiguration {
    /// One entry of `users`.
    public struct User: Sendable, Equatable {
        /// Key `name`: what the user logs in with and is dialled by; 1 to 64 of letters, digits and `. _ + - ~`.
        public var name: String
        /// Key `password`: 1 to 256 characters.
        public var password: Secret
        /// Key `display_name`: what a called party sees, at most 128 characters. Default: none.
        public var displayName: String?
        /// Key `admin`: may see and touch what others own. Default: false.
        public var isAdmin: Bool

        public init(name: String, password: Secret, displayName: String? = nil, isAdmin: Bool = false) {
            self.name = name
            self.password = password
            self.displayName = displayName
            self.isAdmin = isAdmin
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

    /// Whether `password` is one that everybody can read in this repository.
    static func contains(password: Secret) -> Bool {
        all.contains { $0.password == password }
    }
}

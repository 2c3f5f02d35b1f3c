/// What proves a user: a password, or hashes of one.
public enum Credential: Sendable, Hashable {
    case password(Secret)
    case ha1(PasswordEntry)

    /// The algorithms of digest authentication that it serves for, from best to worst.
    public var algorithms: [DigestAlgorithm] {
        switch self {
        case .password: DigestAlgorithm.byStrength
        case .ha1(let entry): entry.algorithms
        }
    }

    /// HA1 of a user in a realm; nil when a hash of this algorithm is not there.
    func ha1(_ algorithm: DigestAlgorithm, user: String, realm: String) -> Secret? {
        switch self {
        case .password(let password): algorithm.ha1(user: user, realm: realm, password: password)
        case .ha1(let entry): entry.hash(algorithm)
        }
    }

    /// Whether `candidate` is the password of `user`. Hashes of it are compared, in a time that depends on the length of the
    /// candidate only.
    public func matches(_ candidate: Secret, user: String, realm: String) -> Bool {
        guard let algorithm = algorithms.first, let known = ha1(algorithm, user: user, realm: realm) else { return false }
        return known.matches(algorithm.ha1(user: user, realm: realm, password: candidate).value)
    }
}

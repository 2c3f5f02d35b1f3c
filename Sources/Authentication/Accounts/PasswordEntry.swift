/// A password as hashes that authenticate a user of one realm, without the password being known: what `tern passwd` prints
/// and `users[].ha1` takes. Each hash is HA1, that of `user:realm:password` (RFC 7616 section 3.4.2), so that it serves
/// digest authentication; whoever has it can log in to this realm.
///
/// As text: `MD5:` and `SHA-256:` with their hexadecimal digits, separated by commas, one of them or both.
public struct PasswordEntry: Sendable, Hashable {
    private var hashes: [DigestAlgorithm: Secret]

    /// The entry for a password that is known.
    public init(user: String, realm: String, password: Secret, algorithms: [DigestAlgorithm] = DigestAlgorithm.byStrength) {
        hashes = [:]
        for algorithm in algorithms { hashes[algorithm] = algorithm.ha1(user: user, realm: realm, password: password) }
    }

    /// Reads the text form.
    /// - Throws: ``AuthenticationError/passwordEntry(_:)``, whose text does not repeat the hashes.
    public init(parsing text: String) throws(AuthenticationError) {
        hashes = [:]
        guard text.utf8.count <= 512 else { throw .passwordEntry("it is longer than an entry can be") }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: ":", maxSplits: 1).map { $0.filter { $0 != " " } }
            guard pair.count == 2, let algorithm = pair.first.flatMap({ DigestAlgorithm(rawValue: $0.uppercased()) }) else {
                throw .passwordEntry("it must be MD5: or SHA-256: with a hash, or both with a comma; tern passwd makes one")
            }
            let hash = (pair.last ?? "").lowercased()
            guard hash.utf8.count == algorithm.hexLength, Hexadecimal.bytes(hash) != nil else {
                throw .passwordEntry("\(algorithm.rawValue) has \(algorithm.hexLength) hexadecimal digits")
            }
            guard hashes.updateValue(Secret(hash), forKey: algorithm) == nil else {
                throw .passwordEntry("\(algorithm.rawValue) stands twice")
            }
        }
    }

    /// The algorithms that it has a hash for, from best to worst.
    public var algorithms: [DigestAlgorithm] { DigestAlgorithm.byStrength.filter { hashes[$0] != nil } }

    /// HA1 of `algorithm`, if there is one.
    public func hash(_ algorithm: DigestAlgorithm) -> Secret? { hashes[algorithm] }

    /// The text form. It is a secret.
    public var text: String {
        algorithms.reversed().compactMap { algorithm in hashes[algorithm].map { "\(algorithm.rawValue):\($0.value)" } }
            .joined(separator: ",")
    }
}

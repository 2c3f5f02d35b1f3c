internal import Cryptography

/// Somebody who can authenticate: a user of ours, or a trunk that calls in.
public struct Account: Sendable, Hashable {
    public let name: String
    public let credential: Credential

    public init(name: String, credential: Credential) {
        self.name = name
        self.credential = credential
    }
}

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

/// A password or key: prints as `…`, so that neither a log line nor a dump of the configuration shows it.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself, for those who must send it.
    public let value: String

    public init(_ value: String) {
        self.value = value
    }

    public var description: String { "…" }
    public var debugDescription: String { "…" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Whether `candidate` is the secret. How long that takes says nothing of the secret but its length, so that guessing cannot
    /// be steered by a stopwatch.
    public func matches(_ candidate: String) -> Bool { ConstantTime.areEqual(Array(value.utf8), Array(candidate.utf8)) }
}

/// What is wrong with a text that was to be credentials, a key or a token.
public enum AuthenticationError: Error, Sendable, Equatable {
    /// An `Authorization`, `WWW-Authenticate` or related header; the text says what is wrong with it.
    case header(String)
    /// An entry of `users[].ha1`.
    case passwordEntry(String)
    /// The key of a token's issuer.
    case key(String)
    /// A token that logs nobody in.
    case token(TokenFault)
}

extension AuthenticationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .header(let reason), .passwordEntry(let reason), .key(let reason): reason
        case .token(let fault): fault.rawValue
        }
    }
}

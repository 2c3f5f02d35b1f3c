internal import Cryptography

/// A hash of digest authentication (RFC 7616 section 3.2, RFC 8760 section 2).
public enum DigestAlgorithm: String, Sendable, Hashable, CaseIterable {
    case sha256 = "SHA-256"
    case md5 = "MD5"

    /// From best to worst, as they are offered and chosen.
    public static let byStrength: [DigestAlgorithm] = [.sha256, .md5]

    /// The algorithm of a parameter's value, in any case, and whether it is the variant for a session.
    static func named(_ text: String) -> (algorithm: DigestAlgorithm, isSession: Bool)? {
        let name = text.uppercased()
        let isSession = name.hasSuffix("-SESS")
        return DigestAlgorithm(rawValue: isSession ? String(name.dropLast(5)) : name).map { ($0, isSession) }
    }

    func name(isSession: Bool) -> String { isSession ? rawValue + "-sess" : rawValue }

    private var function: HashFunction {
        switch self {
        case .sha256: .sha256
        case .md5: .md5
        }
    }

    /// Characters of a hash in hexadecimal digits.
    var hexLength: Int { 2 * function.length }

    /// The hash of `text` in lower-case hexadecimal digits.
    func hash(_ text: String) -> String { Hexadecimal.text(function.hash(Array(text.utf8))) }

    /// HA1 without a session: the hash of `user:realm:password` (RFC 7616 section 3.4.2).
    func ha1(user: String, realm: String, password: Secret) -> Secret {
        Secret(hash("\(user):\(realm):\(password.value)"))
    }
}

internal import Cryptography

/// A key that tokens are signed with, and what such tokens must say.
public struct TokenKey: Sendable, Hashable {
    /// What the log calls it.
    public var name: String
    public let algorithm: TokenAlgorithm
    /// `iss` of the tokens; nil for any.
    public var issuer: String?
    /// What `aud` of the tokens must have; nil for tokens without `aud`.
    public var audience: String?
    /// How far the issuer's clock may be from ours.
    public var clockSkew: Duration = .seconds(30)
    /// The claim that names the user.
    public var userClaim = "sub"
    /// Whether who is no user of the configuration may log in as well.
    public var admitsUnknownUsers = false
    /// The secret, or the public key as PEM.
    let key: Secret

    /// Fewest bytes of a secret, as many as the hash has (RFC 7518 section 3.2).
    static let minimumSecret = 32

    /// - Parameter key: For HS256 the secret, at least 32 bytes, as text or as base64 behind `base64:`; for ES256 the public
    ///   key as PEM.
    /// - Throws: ``AuthenticationError/key(_:)``, whose text does not repeat the key.
    public init(name: String, algorithm: TokenAlgorithm, key: Secret) throws(AuthenticationError) {
        self.name = name
        self.algorithm = algorithm
        self.key = key
        switch algorithm {
        case .hs256:
            // A public key taken for a secret would let everybody sign who has read it.
            guard !key.value.contains("-----BEGIN") else { throw .key("HS256 has a secret, and this is a key for ES256 or another") }
            guard let bytes = Self.secretBytes(key) else { throw .key("what follows base64: is no base64") }
            guard bytes.count >= Self.minimumSecret else { throw .key("a secret for HS256 has at least 32 bytes, not \(bytes.count)") }
        case .es256:
            guard !key.value.contains("PRIVATE KEY") else { throw .key("this is a private key: Tern has the public one only") }
            guard P256PublicKey(pem: key.value) != nil else {
                throw .key("this is no public key on P-256 as PEM, -----BEGIN PUBLIC KEY-----")
            }
        }
    }

    /// What an HS256 signature is made with; nil when it is bad base64.
    var secretBytes: [UInt8]? { Self.secretBytes(key) }

    private static func secretBytes(_ key: Secret) -> [UInt8]? {
        guard key.value.hasPrefix("base64:") else { return Array(key.value.utf8) }
        return Base64URL.bytes(key.value.dropFirst("base64:".count))
    }
}

/// How a token is signed (RFC 7518 section 3.1).
public enum TokenAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// HMAC with SHA-256: whoever checks a token could also make one.
    case hs256 = "HS256"
    /// ECDSA on P-256 with SHA-256: only who has the private key can make a token.
    case es256 = "ES256"
}

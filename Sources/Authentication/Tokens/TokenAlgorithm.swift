/// How a token is signed (RFC 7518 section 3.1).
public enum TokenAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// HMAC with SHA-256: whoever checks a token could also make one.
    case hs256 = "HS256"
    /// ECDSA on P-256 with SHA-256: only who has the private key can make a token.
    case es256 = "ES256"
}

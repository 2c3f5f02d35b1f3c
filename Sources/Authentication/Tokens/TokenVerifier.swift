internal import Cryptography
public import Foundation
internal import JSON

/// Checks JSON Web Tokens, so that an application's own login serves (RFC 7519, RFC 8725).
///
/// The algorithm is the key's: a token that names another, `none` among them, is refused before anything else is looked at, and
/// each key verifies with its own algorithm, whatever the token says.
public struct TokenVerifier: Sendable {
    /// Longest token, in bytes.
    public static let maximumLength = 8_192
    static let limits = JSONLimits(size: maximumLength, depth: 64)

    /// What the signatures of a key are verified with.
    private enum Proof {
        case secret([UInt8])
        case publicKey(P256PublicKey)

        func verify(_ token: SignedToken) -> Bool {
            switch self {
            case .secret(let secret):
                ConstantTime.areEqual(HashFunction.sha256.authenticationCode(of: token.message, key: secret), token.signature)
            case .publicKey(let key):
                key.verify(token.signature, of: token.message)
            }
        }
    }

    private let signers: [(key: TokenKey, proof: Proof)]

    public init(_ keys: [TokenKey]) {
        signers = keys.compactMap { key in
            // A TokenKey has none that cannot be read.
            switch key.algorithm {
            case .hs256: key.secretBytes.map { (key, .secret($0)) }
            case .es256: P256PublicKey(pem: key.key.value).map { (key, .publicKey($0)) }
            }
        }
    }

    /// Who presents the token. A signature of ES256 takes some 0.1 ms for each key.
    ///
    /// - Parameter now: The time of day.
    /// - Throws: ``AuthenticationError/token(_:)``.
    public func verify(_ token: String, now: Date) throws(AuthenticationError) -> TokenIdentity {
        guard token.utf8.count <= Self.maximumLength else { throw .token(.tooLong) }
        guard let token = SignedToken(token) else { throw .token(.malformed) }
        guard !token.isCritical, let algorithm = TokenAlgorithm(rawValue: token.algorithm) else { throw .token(.algorithm) }
        var fault = TokenFault.algorithm
        for (key, proof) in signers where key.algorithm == algorithm {
            guard proof.verify(token) else {
                if fault == .algorithm { fault = .signature }
                continue
            }
            guard let claims = TokenClaims(token.claims) else { throw .token(.malformed) }
            do throws(AuthenticationError) {
                return try Self.identity(claims, key: key, now: now.timeIntervalSince1970)
            } catch {
                if case .token(let reason) = error { fault = reason }
            }
        }
        throw .token(fault)
    }

    private static func identity(
        _ claims: TokenClaims, key: TokenKey, now: Double
    ) throws(AuthenticationError) -> TokenIdentity {
        let skew = key.clockSkew / .seconds(1)
        guard let expiry = claims.time("exp") else { throw .token(.noExpiry) }
        guard now < expiry + skew else { throw .token(.expired) }
        if let start = claims.time("nbf"), !(now >= start - skew) { throw .token(.notYetValid) }
        if let issued = claims.time("iat"), !(now >= issued - skew) { throw .token(.issuedInFuture) }
        if let issuer = key.issuer, claims.text("iss") != issuer { throw .token(.issuer) }
        // A token that is meant for somebody is for nobody else (RFC 7519 section 4.1.3).
        let audience = claims.audience
        guard key.audience.map(audience.contains) ?? audience.isEmpty else { throw .token(.audience) }
        guard let user = claims.name(key.userClaim, bytes: 1...256) else { throw .token(.subject) }
        return TokenIdentity(user: user, displayName: claims.name("name", bytes: 1...512), key: key)
    }
}

/// Who presents a token, as its issuer says.
public struct TokenIdentity: Sendable, Hashable {
    /// 1 to 256 bytes, without control characters.
    public let user: String
    /// Claim `name`, where it has 1 to 512 bytes without control characters.
    public let displayName: String?
    /// The key that signed it.
    public let key: TokenKey
}

/// Why a token logs nobody in. For the log: whoever presents one is told ``isExpiry`` and nothing else.
public enum TokenFault: String, Sendable, CaseIterable {
    case tooLong = "it is longer than 8 KiB"
    case malformed = "it is no JSON Web Token"
    case algorithm = "its algorithm is not that of a key"
    case signature = "its signature is of no known key"
    case noExpiry = "it has no expiry"
    case expired = "it has expired"
    case notYetValid = "it is not valid yet"
    case issuedInFuture = "it was issued in the future"
    case issuer = "its issuer is another"
    case audience = "it is for another audience"
    case subject = "it names no user"

    /// Whether a fresh token of the same kind would do. Only a token whose signature is right is told to be expired.
    public var isExpiry: Bool { self == .expired }
}

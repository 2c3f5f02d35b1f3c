public import Foundation
internal import JWTKit

/// Checks JSON Web Tokens, so that an application's own login serves (RFC 7519, RFC 8725).
///
/// The algorithm is the key's: a token that names another, `none` among them, is refused before anything else is looked at.
public struct TokenVerifier: Sendable {
    /// Longest token, in bytes.
    public static let maximumLength = 8_192

    private let signers: [(key: TokenKey, keys: JWTKeyCollection)]

    public init(_ keys: [TokenKey]) async {
        var signers: [(TokenKey, JWTKeyCollection)] = []
        for key in keys {
            let collection = JWTKeyCollection()
            // A TokenKey has none that cannot be read.
            switch key.algorithm {
            case .hs256:
                guard let secret = key.secretBytes else { continue }
                await collection.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
            case .es256:
                guard let publicKey = try? ES256PublicKey(pem: key.key.value) else { continue }
                await collection.add(ecdsa: publicKey)
            }
            signers.append((key, collection))
        }
        self.signers = signers
    }

    /// Who presents the token.
    ///
    /// - Parameter now: The time of day.
    /// - Throws: ``AuthenticationError/token(_:)``.
    public func verify(_ token: String, now: Date) async throws(AuthenticationError) -> TokenIdentity {
        guard token.utf8.count <= Self.maximumLength else { throw .token(.tooLong) }
        guard let header = TokenHeader(token: token) else { throw .token(.malformed) }
        guard header.crit == nil, let algorithm = TokenAlgorithm(rawValue: header.alg) else { throw .token(.algorithm) }
        var fault = TokenFault.algorithm
        for (key, keys) in signers where key.algorithm == algorithm {
            guard let claims = try? await keys.verify(token, as: TokenClaims.self) else {
                if fault == .algorithm { fault = .signature }
                continue
            }
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

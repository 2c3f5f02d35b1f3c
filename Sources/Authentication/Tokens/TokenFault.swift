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

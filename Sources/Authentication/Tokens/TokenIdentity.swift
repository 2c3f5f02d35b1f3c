/// Who presents a token, as its issuer says.
public struct TokenIdentity: Sendable, Hashable {
    /// 1 to 256 bytes, without control characters.
    public let user: String
    /// Claim `name`, where it has 1 to 512 bytes without control characters.
    public let displayName: String?
    /// The key that signed it.
    public let key: TokenKey
}

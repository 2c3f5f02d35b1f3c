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

/// What is wrong with a text that was to be credentials.
public enum AuthenticationError: Error, Sendable, Equatable {
    /// An `Authorization`, `WWW-Authenticate` or related header; the text says what is wrong with it.
    case header(String)
    /// An entry of `users[].ha1`.
    case passwordEntry(String)
}

extension AuthenticationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .header(let reason), .passwordEntry(let reason): reason
        }
    }
}

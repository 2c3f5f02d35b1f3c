internal import Foundation

/// User and password of an Authorization header (RFC 7617).
struct BasicCredentials: Equatable {
    let user: String
    let password: String

    /// Nil for another scheme, and for what cannot be read.
    init?(_ header: String) {
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "basic", let bytes = Data(base64Encoded: String(parts[1])),
            let text = String(data: bytes, encoding: .utf8), let colon = text.firstIndex(of: ":")
        else { return nil }
        user = String(text[..<colon])
        password = String(text[text.index(after: colon)...])
    }
}

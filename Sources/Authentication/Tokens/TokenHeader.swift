internal import Foundation

/// What is asked of a token's header (RFC 7515 section 4.1). Everything else in it is the sender's word and is not looked at:
/// no key is ever taken from there.
struct TokenHeader: Decodable {
    let alg: String
    /// Names of parameters that must be understood: as none is, such a token is refused.
    let crit: [String]?

    init?(token: String) {
        guard let part = token.split(separator: ".", omittingEmptySubsequences: false).first,
            let bytes = Base64URL.bytes(part), let header = try? JSONDecoder().decode(TokenHeader.self, from: Data(bytes))
        else { return nil }
        self = header
    }
}

internal import JSON

/// A token in its three parts (RFC 7515 section 3.1), of which nothing is proven yet.
struct SignedToken {
    /// `alg`: what the sender says that it is signed with.
    let algorithm: String
    /// Whether the header names parameters that must be understood (`crit`, RFC 7515 section 4.1.11). None is.
    let isCritical: Bool
    let claims: [UInt8]
    /// What the signature is of: header and claims as they were sent.
    let message: [UInt8]
    let signature: [UInt8]

    /// Everything else in the header is the sender's word and is not looked at: no key is ever taken from there.
    ///
    /// Nil for what is no token, and for a header that says a thing twice.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.bytes(parts[0]), let claims = Base64URL.bytes(parts[1]),
            let signature = Base64URL.bytes(parts[2]),
            case .object(let names) = try? JSONValue(parsing: header, limits: TokenVerifier.limits), case .string(let algorithm) = names["alg"]
        else { return nil }
        self.algorithm = algorithm
        isCritical = names["crit"] != nil
        self.claims = claims
        message = Array("\(parts[0]).\(parts[1])".utf8)
        self.signature = signature
    }
}

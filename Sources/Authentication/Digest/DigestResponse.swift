/// The proof of digest authentication (RFC 7616 section 3.4.1), for both roles.
struct DigestResponse {
    let algorithm: DigestAlgorithm
    /// Whether it is `MD5-sess` or `SHA-256-sess`.
    var isSession = false
    let ha1: Secret
    let nonce: String
    let protection: DigestCredentials.Protection?
    let method: String
    let uri: String

    /// In lower-case hexadecimal digits.
    var text: String {
        let ha2 = algorithm.hash("\(method):\(uri)")
        guard let protection else { return algorithm.hash("\(secret):\(nonce):\(ha2)") }
        return algorithm.hash(
            "\(secret):\(nonce):\(protection.count):\(protection.clientNonce):\(protection.quality):\(ha2)")
    }

    private var secret: String {
        guard isSession else { return ha1.value }
        return algorithm.hash("\(ha1.value):\(nonce):\(protection?.clientNonce ?? "")")
    }
}

internal import COpenSSL

/// A public key on the curve P-256, which verifies signatures of ECDSA with SHA-256 (FIPS 186-4).
///
/// OpenSSL locks what a key shares between threads; nothing here changes after `init`.
public final class P256PublicKey: @unchecked Sendable {
    private let key: OpaquePointer

    /// - Parameter pem: A text with `-----BEGIN PUBLIC KEY-----`. Nil where it has none, or one of another kind or curve.
    public init?(pem: String) {
        // What OpenSSL does not like must not stay in its queue, where the thread's next TLS connection would find it.
        defer { ERR_clear_error() }
        let text = Array(pem.utf8)
        guard let bio = BIO_new_mem_buf(text, Int32(clamping: text.count)) else { return nil }
        defer { BIO_free(bio) }
        // Without a callback OpenSSL asks the terminal for a passphrase.
        guard let key = PEM_read_bio_PUBKEY(bio, nil, { _, _, _, _ in -1 }, nil) else { return nil }
        guard Self.isOnP256(key) else {
            EVP_PKEY_free(key)
            return nil
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    private static func isOnP256(_ key: OpaquePointer) -> Bool {
        var name = [CChar](repeating: 0, count: 64)
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_EC, EVP_PKEY_get_group_name(key, &name, name.count, nil) == 1 else { return false }
        return OBJ_sn2nid(name) == NID_X9_62_prime256v1
    }

    /// Whether the owner of the private key signed `message`.
    /// - Parameter signature: The numbers r and s, of 32 bytes each (RFC 7518 section 3.4).
    public func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard let encoded = Self.encoded(signature), let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
    }

    /// The DER that OpenSSL wants (RFC 3279 section 2.2.3).
    private static func encoded(_ signature: [UInt8]) -> [UInt8]? {
        guard signature.count == 64, let pair = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(pair) }
        let r = BN_bin2bn(Array(signature.prefix(32)), 32, nil), s = BN_bin2bn(Array(signature.suffix(32)), 32, nil)
        // The pair takes both, or neither.
        guard ECDSA_SIG_set0(pair, r, s) == 1 else {
            BN_free(r)
            BN_free(s)
            return nil
        }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_ECDSA_SIG(pair, &bytes)
        guard count > 0, let bytes else { return nil }
        defer { CRYPTO_free(bytes, nil, 0) }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }
}

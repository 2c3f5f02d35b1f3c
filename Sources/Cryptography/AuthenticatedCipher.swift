internal import COpenSSL

/// Encryption that shows whether anybody has changed what it made: AES-256 in Galois/Counter Mode (NIST SP 800-38D).
public struct AuthenticatedCipher: Sendable {
    private static let nonceLength = 12, tagLength = 16

    private let key: [UInt8]

    /// - Parameters:
    ///   - secret: At least 16 bytes that nobody can guess.
    ///   - purpose: What it is for: what was made for one purpose is nothing for another.
    public init(secret: [UInt8], purpose: String) {
        key = HashFunction.sha256.authenticationCode(of: Array(purpose.utf8), key: secret)
    }

    /// - Parameter context: What ``open(_:context:)`` must be given as well; it is not in the result.
    /// - Returns: A nonce, the encrypted bytes, and what authenticates both. Nil where OpenSSL refuses.
    public func seal(_ bytes: [UInt8], context: [UInt8]) -> [UInt8]? {
        var generator = SystemRandomNumberGenerator()
        let nonce = (0..<Self.nonceLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        var sealed = [UInt8](repeating: 0, count: bytes.count), tag = [UInt8](repeating: 0, count: Self.tagLength)
        var count: Int32 = 0
        let isSealed = withContext { cipher in
            EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_EncryptUpdate(cipher, nil, &count, context, Int32(clamping: context.count)) == 1
                && EVP_EncryptUpdate(cipher, &sealed, &count, bytes, Int32(clamping: bytes.count)) == 1 && Int(count) == bytes.count
                && EVP_EncryptFinal_ex(cipher, nil, &count) == 1
                && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), &tag) == 1
        }
        return isSealed ? nonce + sealed + tag : nil
    }

    /// - Returns: What was sealed; nil where it was sealed with another secret, for another purpose or context, or was changed.
    public func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]? {
        let length = sealed.count - Self.nonceLength - Self.tagLength
        guard length >= 0 else { return nil }
        let nonce = Array(sealed.prefix(Self.nonceLength)), encrypted = Array(sealed.dropFirst(Self.nonceLength).prefix(length))
        var tag = Array(sealed.suffix(Self.tagLength)), bytes = [UInt8](repeating: 0, count: length)
        var count: Int32 = 0
        let isOpen = withContext { cipher in
            EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_DecryptUpdate(cipher, nil, &count, context, Int32(clamping: context.count)) == 1
                && EVP_DecryptUpdate(cipher, &bytes, &count, encrypted, Int32(clamping: length)) == 1 && Int(count) == length
                && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), &tag) == 1
                && EVP_DecryptFinal_ex(cipher, nil, &count) == 1
        }
        return isOpen ? bytes : nil
    }

    private func withContext(_ body: (OpaquePointer) -> Bool) -> Bool {
        // What OpenSSL does not like must not stay in its queue, where the thread's next TLS connection would find it.
        defer { ERR_clear_error() }
        guard let context = EVP_CIPHER_CTX_new() else { return false }
        defer { EVP_CIPHER_CTX_free(context) }
        return body(context)
    }
}

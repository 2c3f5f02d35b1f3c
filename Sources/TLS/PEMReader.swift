internal import COpenSSL

/// Takes one object after the other out of a PEM text.
struct PEMReader: ~Copyable {
    private let bio: OpaquePointer

    init(_ bytes: [UInt8]) throws(TLSError) {
        // OpenSSL's memory BIO of given bytes does not copy them: a writable one does.
        guard let bio = BIO_new(BIO_s_mem()) else { throw .setup("out of memory") }
        let written = bytes.isEmpty ? 0 : BIO_write(bio, bytes, Int32(clamping: bytes.count))
        guard Int(written) == bytes.count else {
            BIO_free(bio)
            throw .setup("out of memory")
        }
        self.bio = bio
    }

    deinit { BIO_free(bio) }

    /// The next certificate; what else there is in between is passed over. The caller frees it.
    func certificate() -> OpaquePointer? {
        PEM_read_bio_X509(bio, nil, nil, nil)
    }

    /// The first private key. The caller frees it.
    ///
    /// - Parameter isEncrypted: Set when there is one that wants a passphrase: OpenSSL would ask the terminal.
    func key(isEncrypted: inout Bool) -> OpaquePointer? {
        withUnsafeMutablePointer(to: &isEncrypted) { flag in
            PEM_read_bio_PrivateKey(bio, nil, { _, _, _, flag in
                flag?.assumingMemoryBound(to: Bool.self).pointee = true
                return -1
            }, flag)
        }
    }
}

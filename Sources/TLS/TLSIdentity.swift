internal import COpenSSL
public import struct Foundation.Date

/// A certificate with its chain and its key, read from files and found to belong together.
///
/// It does not change after it is made, and OpenSSL counts references by atomics: any thread may hold it.
public final class TLSIdentity: @unchecked Sendable {
    public let files: TLSFiles
    /// What the certificate names, as OpenSSL writes it: `DNS:sip.example.org, IP Address:192.0.2.1`; the subject where
    /// it has no alternative names.
    public let names: String
    public let notBefore: Date
    public let notAfter: Date
    /// Of the files when they were read.
    let stamp: FileStamp
    private let certificate: OpaquePointer
    private let chain: OpaquePointer
    private let key: OpaquePointer

    /// Reads the files. Blocks: not for the loop.
    public init(_ files: TLSFiles) throws(TLSError) {
        stamp = FileStamp([files.certificate, files.key])
        let certificates = try PEMReader(try TLSFileReader.read(files.certificate))
        guard let certificate = certificates.certificate() else { throw .noCertificate(path: files.certificate) }
        guard let chain = tern_x509_stack() else {
            X509_free(certificate)
            throw .setup("out of memory")
        }
        while let next = certificates.certificate() { tern_x509_push(chain, next) }
        var key: OpaquePointer?
        do throws(TLSError) {
            key = try TLSIdentity.readKey(files.key)
            guard X509_check_private_key(certificate, key) == 1 else {
                throw .mismatch(certificate: files.certificate, key: files.key)
            }
        } catch {
            if let key { EVP_PKEY_free(key) }
            tern_x509_stack_free(chain)
            X509_free(certificate)
            ERR_clear_error()
            throw error
        }
        guard let key else { throw .noKey(path: files.key) }
        (self.files, self.certificate, self.chain, self.key) = (files, certificate, chain, key)
        names = CertificateText.names(of: certificate)
        notBefore = CertificateText.date(X509_get0_notBefore(certificate)) ?? .distantPast
        notAfter = CertificateText.date(X509_get0_notAfter(certificate)) ?? .distantPast
        ERR_clear_error()
    }

    deinit {
        EVP_PKEY_free(key)
        tern_x509_stack_free(chain)
        X509_free(certificate)
    }

    private static func readKey(_ path: String) throws(TLSError) -> OpaquePointer {
        let reader = try PEMReader(try TLSFileReader.read(path))
        var isEncrypted = false
        if let key = reader.key(isEncrypted: &isEncrypted) { return key }
        throw isEncrypted ? .keyIsEncrypted(path: path) : .noKey(path: path)
    }

    /// Whether the certificate is for this host name or numeric address (RFC 6125).
    public func covers(host: String) -> Bool {
        CertificateText.covers(certificate, host: host)
    }

    /// Gives certificate, chain and key to an `SSL_CTX`, all or none. Connections that are up keep theirs.
    func apply(to context: OpaquePointer) throws(TLSError) {
        ERR_clear_error()
        guard SSL_CTX_use_cert_and_key(context, certificate, key, chain, 1) == 1 else {
            throw .refused(path: files.certificate, reason: OpenSSLErrors.take())
        }
    }
}

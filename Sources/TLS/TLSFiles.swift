/// Where a certificate and its key lie.
public struct TLSFiles: Sendable, Hashable {
    /// A PEM file: our certificate, then those that lead from it to the authority.
    public var certificate: String
    /// A PEM file with the certificate's key, without a passphrase. It may be the same file.
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

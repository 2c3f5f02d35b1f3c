/// What is wrong with certificates, keys and what uses them.
public enum TLSError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file is not there, may not be read, or is longer than 1 MiB.
    case unreadable(path: String, reason: String)
    /// The file has no certificate in PEM, or one that is broken.
    case noCertificate(path: String)
    /// The file has no private key in PEM, or one that is broken.
    case noKey(path: String)
    /// The key wants a passphrase, which nobody is there to type.
    case keyIsEncrypted(path: String)
    /// The key is that of another certificate.
    case mismatch(certificate: String, key: String)
    /// OpenSSL takes the pair no further: a key that is too short, as an example.
    case refused(path: String, reason: String)
    /// What uses the certificates could not be set up.
    case setup(String)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .noCertificate(let path): "\(path) has no certificate in PEM (-----BEGIN CERTIFICATE-----)"
        case .noKey(let path): "\(path) has no private key in PEM (-----BEGIN PRIVATE KEY-----)"
        case .keyIsEncrypted(let path): "the key in \(path) has a passphrase; Tern needs one without"
        case .mismatch(let certificate, let key): "the key in \(key) does not belong to the certificate in \(certificate)"
        case .refused(let path, let reason): "\(path) cannot be used: \(reason)"
        case .setup(let reason): "TLS cannot be set up: \(reason)"
        }
    }
}

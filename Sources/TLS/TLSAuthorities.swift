internal import COpenSSL

/// Those whose certificates are believed: a PEM file of their own.
public enum TLSAuthorities {
    /// Finds out whether the file has a certificate at all. Blocks: not for the loop.
    public static func check(_ path: String) throws(TLSError) {
        let reader = try PEMReader(try TLSFileReader.read(path))
        defer { ERR_clear_error() }
        guard let first = reader.certificate() else { throw .noCertificate(path: path) }
        X509_free(first)
    }
}

internal import COpenSSL
internal import Foundation

/// What people want to know of a certificate.
enum CertificateText {
    /// Names and addresses; the subject where there are none. At most 1,024 bytes.
    static func names(of certificate: OpaquePointer) -> String {
        let index = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1)
        if index >= 0, let extensions = X509_get_ext(certificate, index) {
            return written { X509V3_EXT_print($0, extensions, 0, 0) }
        }
        return written { X509_NAME_print_ex($0, X509_get_subject_name(certificate), 0, tern_name_flags) }
    }

    /// Whether it is for this host name or numeric address (RFC 6125).
    static func covers(_ certificate: OpaquePointer, host: String) -> Bool {
        defer { ERR_clear_error() }
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        if X509_check_ip_asc(certificate, bare, 0) == 1 { return true }
        let flags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
        return X509_check_host(certificate, bare, bare.utf8.count, flags, nil) == 1
    }

    static func date(_ time: UnsafePointer<ASN1_TIME>?) -> Date? {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Date(timeIntervalSince1970: TimeInterval(timegm(&parts)))
    }

    private static func written(_ write: (OpaquePointer) -> Int32) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(bio) }
        _ = write(bio)
        var text: UnsafeMutablePointer<CChar>?
        let length = tern_bio_text(bio, &text)
        guard let text, length > 0 else { return "" }
        let bytes = UnsafeRawBufferPointer(start: text, count: min(length, 1_024))
        return String(decoding: bytes, as: UTF8.self)
    }
}

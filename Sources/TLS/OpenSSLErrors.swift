internal import COpenSSL

/// OpenSSL's queue of errors, of which each thread has one.
enum OpenSSLErrors {
    /// What went wrong last, in words; empties the queue.
    static func take() -> String {
        let code = ERR_peek_last_error()
        defer { ERR_clear_error() }
        guard code != 0 else { return "no reason given" }
        return ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
    }
}

internal import COpenSSL
public import EventLoop

/// An `SSL_CTX` that a C library made for its listener, and that we set up: what is spoken, and with which certificate.
@LoopActor
public final class TLSServerContext {
    private nonisolated(unsafe) let context: OpaquePointer

    /// Takes TLS 1.2 and later with forward secrecy and authenticated encryption only, and shows `identity`.
    ///
    /// - Parameter context: The `SSL_CTX`; a reference of its own is kept.
    public init(_ context: OpaquePointer, identity: TLSIdentity) throws(TLSError) {
        self.context = context
        SSL_CTX_up_ref(context)
        TLSServerContext.harden(context)
        try identity.apply(to: context)
    }

    deinit { SSL_CTX_free(context) }

    /// Shows `identity` to those who connect from now on.
    public func use(_ identity: TLSIdentity) throws(TLSError) {
        try identity.apply(to: context)
    }

    /// Empties the thread's queue of errors, after a library that leaves some there: another would take them for its own.
    public static func forgetErrors() { ERR_clear_error() }

    /// Ciphers of TLS 1.2; those of 1.3 are all good.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    static func harden(_ context: OpaquePointer) {
        _ = tern_ssl_ctx_require_tls_1_2(context)
        SSL_CTX_set_options(context, tern_ssl_options)
        SSL_CTX_set_cipher_list(context, ciphers)
        tern_ssl_ctx_release_buffers(context)
        ERR_clear_error()
    }
}

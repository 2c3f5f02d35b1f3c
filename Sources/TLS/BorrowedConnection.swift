internal import COpenSSL
internal import EventLoop
internal import Glibc

/// One `SSL` of a library that neither frees it nor bounds its handshake in time: Sofia-SIP 1.12.11.
///
/// Sofia gives its `BIO` to the `SSL`, frees the `BIO` when the connection ends, and forgets the `SSL`. So the `SSL` gets a
/// `BIO` of its own here, and the end of Sofia's one is the end of the `SSL`.
@LoopActor
final class BorrowedConnection {
    /// As long as it is in the registry of its context.
    let ssl: OpaquePointer
    private weak var context: TLSEndpointContext?
    private var isAdopted = false
    private var deadline: LoopTimer?
    /// The name that the peer's certificate must have; nil for a peer that connected to us.
    private(set) var name: String?
    private(set) var isEstablished = false
    private var lastPeer: String?

    init(_ ssl: OpaquePointer, of context: TLSEndpointContext, limit: Duration) {
        self.ssl = ssl
        self.context = context
        deadline = LoopTimer.schedule(after: limit) { [weak self] in self?.expire() }
    }

    /// A name that no certificate has.
    static let nobody = "nobody.invalid"

    /// Where the other end is; nil before it is connected.
    var peer: String? {
        if lastPeer == nil { lastPeer = descriptor.flatMap(PeerAddress.of) }
        return lastPeer
    }

    private var descriptor: Int32? {
        guard isAdopted || SSL_get_rbio(ssl) != nil else { return nil }
        let descriptor = SSL_get_fd(ssl)
        return descriptor >= 0 ? descriptor : nil
    }

    /// Takes the `SSL` over from Sofia. It has its `BIO` by now, which may be freed already.
    func adopt() {
        guard !isAdopted, let theirs = SSL_get_rbio(ssl), let descriptor else { return }
        guard let ours = BIO_new_socket(descriptor, Int32(BIO_NOCLOSE)) else { return }
        isAdopted = true
        // The SSL counts its BIO twice, once as a reader and once as a writer, of which Sofia takes one as its own.
        BIO_up_ref(theirs)
        BIO_up_ref(theirs)
        SSL_set_bio(ssl, ours, ours)
        // Sofia frees the context with each connection, as if it were the reference that the SSL has and never gives back.
        SSL_CTX_up_ref(SSL_get_SSL_CTX(ssl))
        BIO_set_callback_ex(ours, BorrowedConnection.clearBeforeReading)
        BIO_set_callback_arg(theirs, UnsafeMutablePointer<CChar>(ssl))
        BIO_set_callback_ex(theirs, BorrowedConnection.end)
        // Where Sofia has freed it, this was the last reference.
        BIO_free(theirs)
    }

    /// `SSL_get_error` takes what others left in the thread's queue of errors for this connection's own.
    private static let clearBeforeReading: BIO_callback_fn_ex = { _, operation, _, _, _, _, result, _ in
        if operation == BIO_CB_READ { ERR_clear_error() }
        return Int(result)
    }

    /// Sofia's BIO is freed.
    private static let end: BIO_callback_fn_ex = { bio, operation, _, _, _, _, result, _ in
        guard operation == BIO_CB_FREE, let argument = BIO_get_callback_arg(bio) else { return Int(result) }
        nonisolated(unsafe) let ssl = OpaquePointer(argument)
        LoopActor.assumeIsolated {
            TLSEndpointContext.connection(ssl)?.finish()
            SSL_free(ssl)
            ERR_clear_error()
        }
        return 1
    }

    private func finish() {
        deadline?.cancel()
        deadline = nil
        TLSEndpointContext.forget(self)
    }

    // MARK: The handshake

    /// Before the first byte of it is written.
    func beginHandshake() {
        adopt()
        guard SSL_is_server(ssl) == 0 else { return }
        let name = context?.name(at: peer) ?? BorrowedConnection.nobody
        self.name = name
        let parameters = SSL_get0_param(ssl)
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, name) != 1 {
            ERR_clear_error()
            X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count)
            _ = tern_ssl_ask_for(ssl, name)
        }
        SSL_set_verify(ssl, SSL_VERIFY_PEER, { isGood, store in
            if isGood == 0, let store {
                let code = X509_STORE_CTX_get_error(store)
                nonisolated(unsafe) let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
                LoopActor.assumeIsolated {
                    ssl.flatMap { TLSEndpointContext.connection(OpaquePointer($0)) }?.refuse(Int(code))
                }
            }
            return isGood
        })
    }

    private func refuse(_ code: Int) {
        let reason = X509_verify_cert_error_string(code).map { String(cString: $0) } ?? "error \(code)"
        context?.refused(peer: peer, name: name ?? "", reason: reason)
    }

    func endHandshake() {
        isEstablished = true
        deadline?.cancel()
        deadline = nil
    }

    /// Whether what is meant for `name` may go over this connection.
    func serves(_ name: String) -> Bool {
        guard let own = self.name else { return false }
        if own == name { return true }
        guard isEstablished, let certificate = SSL_get1_peer_certificate(ssl) else { return false }
        defer { X509_free(certificate) }
        return CertificateText.covers(certificate, host: name)
    }

    /// The handshake takes too long: Sofia hears that the peer hung up.
    private func expire() {
        deadline = nil
        guard !isEstablished, let descriptor else { return }
        context?.expired(peer: peer)
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}

internal import COpenSSL
public import EventLoop
public import Logging

/// The TLS of a library that both listens and connects, and has its `SSL_CTX` to itself: Sofia-SIP.
///
/// Whoever connects to us is shown our certificate, and need not have one. Whom we connect to must have one that an authority
/// vouches for, that is valid now, and that has the name which was said by ``expect(_:at:)``; else the address of the peer.
/// A handshake that takes too long is cut off.
@LoopActor
public final class TLSEndpointContext {
    /// What is said, and believed.
    public struct Settings: Sendable {
        public var identity: TLSIdentity
        /// A PEM file of those whose certificates are believed.
        public var authorities: String
        /// Time for a handshake.
        public var handshakeLimit: Duration

        public init(identity: TLSIdentity, authorities: String, handshakeLimit: Duration = .seconds(10)) {
            self.identity = identity
            self.authorities = authorities
            self.handshakeLimit = handshakeLimit
        }
    }

    /// Certificates between a peer's and its authority.
    private static let longestChain: Int32 = 8
    /// More names of peers than this are not kept.
    private static let mostNames = 4_096
    private static var connections: [OpaquePointer: BorrowedConnection] = [:]

    nonisolated(unsafe) private let contexts: [OpaquePointer]
    private let settings: Settings
    private let logger: Logger
    private var names: [String: String] = [:]
    private var refusals: [String: String] = [:]
    /// Connections that Sofia has just made.
    private var fresh: [BorrowedConnection] = []

    /// - Parameter make: Has the library make its contexts; what it put into them is replaced.
    public init(_ settings: Settings, logger: Logger, made make: () -> Void) throws(TLSError) {
        self.settings = settings
        self.logger = logger
        contexts = BorrowedContexts.made(in: make)
        guard !contexts.isEmpty else { throw .setup("the library made no SSL_CTX") }
        for context in contexts {
            TLSServerContext.harden(context)
            SSL_CTX_set_options(context, tern_ssl_option_plain_end)
            tern_ssl_ctx_forget_sessions(context)
            SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
            SSL_CTX_set_verify_depth(context, TLSEndpointContext.longestChain)
            try believe(context)
            try settings.identity.apply(to: context)
            SSL_CTX_set_info_callback(context) { ssl, point, _ in TLSEndpointContext.reached(ssl, point) }
            BorrowedContexts.tell(self, of: context)
        }
    }

    deinit { for context in contexts { SSL_CTX_free(context) } }

    /// Lets go of the library's objects. They must be gone, or about to go.
    public func close() {
        for context in contexts { BorrowedContexts.forget(context) }
    }

    /// Shows `identity` from the next handshake on.
    public func use(_ identity: TLSIdentity) throws(TLSError) {
        for context in contexts { try identity.apply(to: context) }
    }

    private func believe(_ context: OpaquePointer) throws(TLSError) {
        guard let store = X509_STORE_new() else { throw .setup("out of memory") }
        guard X509_STORE_load_file(store, settings.authorities) == 1 else {
            X509_STORE_free(store)
            throw .refused(path: settings.authorities, reason: OpenSSLErrors.take())
        }
        SSL_CTX_set_cert_store(context, store)
        ERR_clear_error()
    }

    // MARK: Names of peers

    /// Says which name the certificate of the peer at an address must have, before something is sent there.
    ///
    /// - Parameters:
    ///   - name: A host name or a numeric address.
    ///   - peer: `192.0.2.1:5061`, `[2001:db8::1]:5061`.
    /// - Returns: False when a connection to that address stands whose peer has not shown that it is `name`: Sofia would use it.
    public func expect(_ name: String, at peer: String) -> Bool {
        let bare = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
        for connection in TLSEndpointContext.connections.values where connection.peer == peer {
            guard connection.serves(bare) else { return false }
        }
        if names.count >= TLSEndpointContext.mostNames, names[peer] == nil { names.removeAll() }
        names[peer] = bare
        refusals[peer] = nil
        return true
    }

    /// Why the peer at an address was not believed, since it was last expected there; nil when it was.
    public func refusal(of peer: String) -> String? { refusals[peer] }

    func name(at peer: String?) -> String {
        guard let peer else { return BorrowedConnection.nobody }
        return names[peer] ?? TLSEndpointContext.host(of: peer)
    }

    private static func host(of peer: String) -> String {
        let host = peer.lastIndex(of: ":").map { peer[..<$0] } ?? peer[...]
        return String(host.drop { $0 == "[" }.prefix { $0 != "]" })
    }

    // MARK: Connections

    /// OpenSSL makes an `SSL` for the library, which gives it a `BIO` as soon as this returns.
    func begin(_ ssl: OpaquePointer) {
        let connection = BorrowedConnection(ssl, of: self, limit: settings.handshakeLimit)
        TLSEndpointContext.connections[ssl] = connection
        fresh.append(connection)
        guard fresh.count == 1 else { return }
        LoopActor.task { [self] in
            for connection in fresh { connection.adopt() }
            fresh = []
        }
    }

    static func forget(_ connection: BorrowedConnection) { connections[connection.ssl] = nil }

    static func connection(_ ssl: OpaquePointer) -> BorrowedConnection? { connections[ssl] }

    /// Connections of this process that stand or come up; for tests.
    static var count: Int { connections.count }

    private nonisolated static func reached(_ ssl: OpaquePointer?, _ point: Int32) {
        guard let ssl, point & (SSL_CB_HANDSHAKE_START | SSL_CB_HANDSHAKE_DONE) != 0 else { return }
        nonisolated(unsafe) let object = ssl
        LoopActor.assumeIsolated {
            guard let connection = connections[object] else { return }
            if point & SSL_CB_HANDSHAKE_START != 0 { connection.beginHandshake() } else { connection.endHandshake() }
        }
    }

    // MARK: What went wrong

    func refused(peer: String?, name: String, reason: String) {
        if let peer { refusals[peer] = "\(name): \(reason)" }
        logger.warning("the certificate of a peer is not believed", metadata: [
            "peer": "\(peer ?? "?")", "expected": "\(name)", "reason": "\(reason)",
        ])
    }

    func expired(peer: String?) {
        if let peer { refusals[peer] = "the TLS handshake took too long" }
        logger.debug("a TLS handshake took too long", metadata: ["peer": "\(peer ?? "?")"])
    }
}

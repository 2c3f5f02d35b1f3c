internal import COpenSSL
internal import Glibc

/// How a connection of ours is secured.
public struct TLSClientSettings: Sendable, Equatable {
    /// A PEM file of those whose certificates are believed.
    public var authorities: String
    /// What we show where the peer asks for a certificate; nil for nothing. Read anew for each connection.
    public var identity: TLSFiles?

    public init(authorities: String, identity: TLSFiles? = nil) {
        self.authorities = authorities
        self.identity = identity
    }
}

/// A TCP or TLS connection for threads that may wait: all of it together takes at most its patience, the name lookup half of that.
public final class BlockingStream {
    private let descriptor: Int32
    private var deadline: ContinuousClock.Instant
    private var context: OpaquePointer?
    private var tls: OpaquePointer?

    /// - Parameters:
    ///   - security: That of a TLS connection; nil for a TCP one.
    ///   - patience: How long connecting and all that follows may take.
    public init(host: String, port: Int, security: TLSClientSettings?, patience: Duration) throws(BlockingStreamError) {
        deadline = .now + patience
        descriptor = try BlockingStream.connect(host, port, deadline)
        if let security { try handshake(host, security) }
    }

    deinit {
        if let tls { SSL_free(tls) }
        if let context { SSL_CTX_free(context) }
        close(descriptor)
    }

    /// Gives all that follows so long.
    public func allow(_ patience: Duration) { deadline = .now + patience }

    private static func connect(_ host: String, _ port: Int, _ deadline: ContinuousClock.Instant) throws(BlockingStreamError) -> Int32 {
        let addresses = try HostLookup.system.find(host, until: .now + ContinuousClock.now.duration(to: deadline) / 2)
        var failure = BlockingStreamError("\(host) has no address")
        for (index, address) in addresses.enumerated() {
            // One that is silent leaves time for the others.
            let limit = ContinuousClock.now + ContinuousClock.now.duration(to: deadline) / (addresses.count - index)
            let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
            guard descriptor >= 0 else { throw .system() }
            do throws(BlockingStreamError) {
                try connect(descriptor, address.with(port: port), limit)
                return descriptor
            } catch {
                close(descriptor)
                failure = error
            }
        }
        throw failure
    }

    private static func connect(_ descriptor: Int32, _ address: HostAddress, _ deadline: ContinuousClock.Instant) throws(BlockingStreamError) {
        var isOn: Int32 = 1
        for (level, option) in [(Int32(IPPROTO_TCP), TCP_NODELAY), (SOL_SOCKET, SO_KEEPALIVE)] {
            setsockopt(descriptor, level, option, &isOn, socklen_t(MemoryLayout<Int32>.size))
        }
        let result = address.bytes.withUnsafeBytes { bytes in
            bytes.bindMemory(to: sockaddr.self).baseAddress.map { Glibc.connect(descriptor, $0, socklen_t(bytes.count)) } ?? -1
        }
        guard result != 0 else { return }
        guard errno == EINPROGRESS else { throw .system() }
        try wait(descriptor, POLLOUT, deadline)
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0, error == 0 else { throw .system(error) }
    }

    private static func wait(_ descriptor: Int32, _ events: Int32, _ deadline: ContinuousClock.Instant) throws(BlockingStreamError) {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw BlockingStreamError("no answer in time", isTimeout: true) }
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let count = poll(&entry, 1, Int32(min(left / .milliseconds(1), 60_000)) + 1)
            if count > 0 { return }
            guard count == 0 || errno == EINTR else { throw .system() }
        }
    }

    private func handshake(_ host: String, _ security: TLSClientSettings) throws(BlockingStreamError) {
        context = SSL_CTX_new(TLS_client_method())
        guard let context, SSL_CTX_load_verify_locations(context, security.authorities, nil) == 1 else {
            throw BlockingStreamError("\(security.authorities) cannot be read as certificates")
        }
        if let files = security.identity {
            do throws(TLSError) { try TLSIdentity(files).apply(to: context) } catch { throw BlockingStreamError(error.description) }
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        // What is written again after a wait may lie elsewhere.
        SSL_CTX_ctrl(context, SSL_CTRL_MODE, Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER), nil)
        tls = SSL_new(context)
        // A name that is an address stands in another field of the certificate.
        guard let tls, SSL_set_fd(tls, descriptor) == 1 else { throw BlockingStreamError("no TLS connection can be made") }
        let parameters = SSL_get0_param(tls)
        let isAddress = X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1
        if !isAddress {
            guard SSL_set1_host(tls, host) == 1 else { throw BlockingStreamError("\(host) is no name for a certificate") }
            BlockingStream.setServerName(tls, host)
        }
        try repeatedly { SSL_connect(tls) }
    }

    /// `SSL_set_tlsext_host_name`, which is a macro (RFC 6066 section 3).
    private static func setServerName(_ tls: OpaquePointer, _ host: String) {
        var name = Array(host.utf8CString)
        name.withUnsafeMutableBytes { _ = SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), $0.baseAddress) }
    }

    /// Does something with TLS until it is done.
    ///
    /// - Returns: What it gave; 0 when the peer has closed the connection.
    @discardableResult
    private func repeatedly(_ body: () -> Int32) throws(BlockingStreamError) -> Int {
        guard let tls else { return 0 }
        while true {
            ERR_clear_error()
            let result = body(), code = errno
            if result > 0 { return Int(result) }
            switch SSL_get_error(tls, result) {
            case SSL_ERROR_WANT_READ: try BlockingStream.wait(descriptor, POLLIN, deadline)
            case SSL_ERROR_WANT_WRITE: try BlockingStream.wait(descriptor, POLLOUT, deadline)
            case SSL_ERROR_ZERO_RETURN: return 0
            default:
                let verified = SSL_get_verify_result(tls)
                if verified != Int(X509_V_OK), let text = X509_verify_cert_error_string(verified) {
                    throw BlockingStreamError("its certificate is not believed: \(String(cString: text))")
                }
                // A peer that refuses may close so fast that its alert is lost.
                let reason = ERR_peek_last_error() == 0 ? BlockingStreamError.system(code).description : OpenSSLErrors.take()
                throw BlockingStreamError("TLS failed: \(reason)")
            }
        }
    }

    // MARK: Bytes

    public func write(_ text: String) throws(BlockingStreamError) { try write(Array(text.utf8)) }

    public func write(_ bytes: [UInt8]) throws(BlockingStreamError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if let tls {
                let bytes = rest
                let count = try repeatedly { bytes.withUnsafeBytes { SSL_write(tls, $0.baseAddress, Int32(min($0.count, 1 << 20))) } }
                guard count > 0 else { throw BlockingStreamError("the connection was closed") }
                rest = rest.dropFirst(count)
                continue
            }
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else {
                guard errno == EAGAIN || errno == EINTR else { throw .system() }
                try BlockingStream.wait(descriptor, POLLOUT, deadline)
            }
        }
    }

    /// What has come; waits until something has. Empty at the end of the connection.
    public func read() throws(BlockingStreamError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        if let tls {
            let count = try repeatedly { buffer.withUnsafeMutableBytes { SSL_read(tls, $0.baseAddress, Int32($0.count)) } }
            return Array(buffer.prefix(count))
        }
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count >= 0 { return Array(buffer.prefix(count)) }
            guard errno == EAGAIN || errno == EINTR else { throw .system() }
            try BlockingStream.wait(descriptor, POLLIN, deadline)
        }
    }
}

/// Why a connection failed.
public struct BlockingStreamError: Error, CustomStringConvertible {
    public let description: String
    /// Whether somebody has not answered in time.
    public let isTimeout: Bool

    init(_ description: String, isTimeout: Bool = false) {
        self.description = description
        self.isTimeout = isTimeout
    }

    static func system(_ code: Int32 = errno) -> BlockingStreamError {
        BlockingStreamError(strerror(code).map { String(cString: $0) } ?? "error \(code)")
    }
}

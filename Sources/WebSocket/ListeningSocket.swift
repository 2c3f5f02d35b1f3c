internal import Glibc
internal import SIPNames

/// A TCP socket that listens, made without libwebsockets so that its errors can be told.
struct ListeningSocket {
    let descriptor: Int32
    /// The port that it has, also when 0 was asked for.
    let port: Int

    init(address: String, port: Int) throws(WebSocketError) {
        guard let socketAddress = SocketAddress(address: address, port: port) else {
            throw .invalidAddress("\(address):\(port)")
        }
        func failure() -> WebSocketError {
            .cannotListen(address: address, port: port, reason: String(cString: strerror(errno)))
        }
        let descriptor = socket(
            socketAddress.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw failure() }
        ListeningSocket.enable(descriptor, SOL_SOCKET, SO_REUSEADDR)
        if socketAddress.family == AF_INET6 { ListeningSocket.enable(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        let status = socketAddress.withPointer { bind(descriptor, $0, $1) }
        guard status == 0, listen(descriptor, 1_024) == 0,
            let bound = SocketAddress.filled({ getsockname(descriptor, $0, $1) })
        else {
            let error = failure()
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.port = bound.port
    }

    enum Accepted {
        case connection(Int32, SocketAddress)
        /// Nobody waits.
        case none
        /// This one is gone already; others may wait.
        case retry
        /// Out of descriptors or memory: asking again at once would spin.
        case exhausted(String)
    }

    /// Takes one waiting connection, closed on exec and without Nagle's delay.
    static func accept(from descriptor: Int32) -> Accepted {
        var connection: Int32 = -1
        let peer = SocketAddress.filled { address, length in
            connection = Glibc.accept(descriptor, address, length)
            return connection
        }
        guard connection >= 0 else {
            switch errno {
            case EAGAIN: return .none
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(String(cString: strerror(errno)))
            case EBADF, EINVAL, ENOTSOCK: return .none
            default: return .retry
            }
        }
        guard let peer else {
            Glibc.close(connection)
            return .retry
        }
        // The library makes it non-blocking.
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        enable(connection, Int32(IPPROTO_TCP), TCP_NODELAY)
        return .connection(connection, peer)
    }

    static func close(_ descriptor: Int32) { Glibc.close(descriptor) }

    private static func enable(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
        var on: Int32 = 1
        setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
}

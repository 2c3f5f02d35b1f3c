import Glibc

/// A listening socket on 127.0.0.1 for clients that have to meet a bad server.
final class RawServer: @unchecked Sendable {
    let descriptor: Int32
    let port: Int

    init() {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                listen(descriptor, 16)
                getsockname(descriptor, $0, &length)
            }
        }
        port = Int(in_port_t(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    /// Waits for a connection.
    func accepted() -> RawSocket { RawSocket(descriptor: accept(descriptor, nil, nil)) }

    /// Waits for a connection, reads its request's head, and answers with `response`.
    func answer(_ response: String) -> RawSocket {
        let socket = accepted()
        _ = socket.takeHead()
        socket.send(response)
        return socket
    }
}

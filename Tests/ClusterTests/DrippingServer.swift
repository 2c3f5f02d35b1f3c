import Foundation

/// A server that begins an answer to each connection, and never ends it: a letter every 100 ms.
final class DrippingServer: @unchecked Sendable {
    struct Failure: Error {}

    let port: Int
    private let listener: Int32
    private let lock = NSLock()
    private var isStopped = false

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &place.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let listens = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard listens else { throw Failure() }
        port = Int(UInt16(bigEndian: place.sin_port))
        Thread.detachNewThread { [self] in run() }
    }

    func stop() { lock.withLock { isStopped = true } }

    private func run() {
        var connections: [Int32] = []
        while !lock.withLock({ isStopped }) {
            var ready = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            if poll(&ready, 1, 100) > 0 {
                let connection = accept(listener, nil, nil)
                if connection >= 0 {
                    connections.append(connection)
                    send(connection, "+", 1, Int32(MSG_NOSIGNAL))
                }
            }
            for connection in connections { send(connection, "a", 1, Int32(MSG_NOSIGNAL)) }
        }
        for connection in connections { close(connection) }
        close(listener)
    }
}

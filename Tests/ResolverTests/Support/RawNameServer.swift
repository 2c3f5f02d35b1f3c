import EventLoop
import Glibc
@testable import Resolver

/// A name server on loopback, UDP and TCP, that answers as a test says: also wrongly, or not at all. Runs on a thread of its own.
final class RawNameServer {
    struct Query: Sendable {
        let bytes: [UInt8]
        let isTCP: Bool

        var question: DNSQuestion? { WireMessage.question(of: bytes) }

        /// The question again, with these records behind it.
        func answer(flags: Int = 0x8180, _ records: [(type: Int, content: [UInt8])] = []) -> [UInt8] {
            var message = WireMessage(to: bytes, flags: flags)
            for record in records { message?.add(type: record.type, lifetime: 60, record.content) }
            return message?.bytes ?? []
        }
    }

    typealias Behaviour = @Sendable (Query) -> [[UInt8]]

    private let core: Core
    private let ending: Int32
    private var thread = pthread_t()

    var port: Int { core.port }
    var server: NameServer { NameServer(address: "127.0.0.1", port: port)! }
    var queries: [Query] { core.lock.withLock { core.seen } }

    /// - Parameters:
    ///   - address: One of 127.0.0.0/8.
    ///   - port: Any free one when it is 0.
    init(address: String = "127.0.0.1", port: Int = 0, _ behaviour: @escaping Behaviour) throws {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        ending = ends[1]
        core = try Core(stop: ends[0], address: address, port: port, behaviour)
        pthread_create(&thread, nil, { core in
            if let core { Unmanaged<Core>.fromOpaque(core).takeRetainedValue().run() }
            return nil
        }, Unmanaged.passRetained(core).toOpaque())
    }

    deinit {
        close(ending)
        pthread_join(thread, nil)
    }

    func behave(_ behaviour: @escaping Behaviour) { core.lock.withLock { core.behaviour = behaviour } }

    /// Says nothing.
    static let silence: Behaviour = { _ in [] }
    /// Knows the address of every name, and nothing else.
    static let addressesOnly: Behaviour = { query in
        [query.answer(query.question?.type == .a ? [(1, [192, 0, 2, 1])] : [])]
    }
    static let serverFailure: Behaviour = { [$0.answer(flags: 0x8182)] }

    /// A port that nobody answers at, UDP or TCP.
    static func closedPort() throws -> Int {
        let (datagrams, listener, port) = try sockets()
        close(datagrams)
        close(listener)
        return port
    }

    // MARK: Sockets

    struct NoSocket: Error {}

    /// UDP and TCP on one port.
    fileprivate static func sockets(address: String = "127.0.0.1", port: Int = 0) throws -> (datagrams: Int32, listener: Int32, port: Int) {
        for _ in 0..<20 {
            let datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0), listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if let port = bound(datagrams, address, port), bound(listener, address, port) != nil, listen(listener, 64) == 0 {
                return (datagrams, listener, port)
            }
            close(datagrams)
            close(listener)
        }
        throw NoSocket()
    }

    private static func bound(_ descriptor: Int32, _ address: String, _ port: Int) -> Int? {
        var name = sockaddr_in(), length = socklen_t(MemoryLayout<sockaddr_in>.size)
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        inet_pton(AF_INET, address, &name.sin_addr)
        return withUnsafeMutablePointer(to: &name) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            guard bind(descriptor, address, length) == 0, getsockname(descriptor, address, &length) == 0 else { return nil }
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { Int(UInt16(bigEndian: $0.pointee.sin_port)) }
        } }
    }
}

/// What belongs to the thread, and what is shared with it.
private final class Core: @unchecked Sendable {
    typealias Query = RawNameServer.Query
    typealias Behaviour = RawNameServer.Behaviour

    let port: Int
    private let datagrams: Int32
    private let listener: Int32
    private let stop: Int32
    let lock = PthreadLock()
    var behaviour: Behaviour
    var seen: [Query] = []

    init(stop: Int32, address: String, port: Int, _ behaviour: @escaping Behaviour) throws {
        self.stop = stop
        self.behaviour = behaviour
        (datagrams, listener, self.port) = try RawNameServer.sockets(address: address, port: port)
    }

    deinit { for descriptor in [datagrams, listener, stop] { close(descriptor) } }

    func run() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            var polled = [datagrams, listener, stop].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&polled, 3, -1)
            if polled[2].revents != 0 { return }
            if polled[0].revents != 0 { serveDatagram(&buffer) }
            if polled[1].revents != 0 { serveConnection(&buffer) }
        }
    }

    private func replies(to query: Query) -> [[UInt8]] {
        let behaviour = lock.withLock { () -> Behaviour in
            seen.append(query)
            return self.behaviour
        }
        return behaviour(query)
    }

    private func serveDatagram(_ buffer: inout [UInt8]) {
        var peer = sockaddr_storage(), length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &peer) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
            let count = recvfrom(datagrams, &buffer, buffer.count, Int32(MSG_DONTWAIT), peer, &length)
            guard count >= 0 else { return }
            for reply in replies(to: Query(bytes: Array(buffer.prefix(count)), isTCP: false)) {
                sendto(datagrams, reply, reply.count, 0, peer, length)
            }
        } }
    }

    private func serveConnection(_ buffer: inout [UInt8]) {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        defer { close(connection) }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard recv(connection, &buffer, 2, Int32(MSG_WAITALL)) == 2 else { return }
        let length = Int(buffer[0]) << 8 | Int(buffer[1])
        guard recv(connection, &buffer, length, Int32(MSG_WAITALL)) == length else { return }
        for reply in replies(to: Query(bytes: Array(buffer.prefix(length)), isTCP: true)) {
            let framed = WireMessage.number(reply.count) + reply
            send(connection, framed, framed.count, Int32(MSG_NOSIGNAL))
        }
        // Until the other side has read it all and closes.
        _ = recv(connection, &buffer, 1, 0)
    }
}

import Foundation
import Synchronization

/// A plain socket, IPv4 or for datagrams IPv6 too, blocking, for helpers that have a thread to block.
final class Socket: Sendable {
    let descriptor: Int32
    private let isOpen = Atomic(true)

    /// Bound to an address; port 0 takes a free one.
    init(type: __socket_type, address: String, port: Int) throws {
        descriptor = socket(address.contains(":") ? AF_INET6 : AF_INET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw HarnessError("socket: \(String(cString: strerror(errno)))") }
        try Socket.with(address, port) { bind(descriptor, $0, $1) }
    }

    /// Connected, from a port of the kernel's choice.
    init(connectedTo address: String, port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw HarnessError("socket: \(String(cString: strerror(errno)))") }
        try Socket.with(address, port) { connect(descriptor, $0, $1) }
    }

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Takes over a descriptor.
    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    deinit { Glibc.close(descriptor) }

    /// Waits for a connection to a socket that listens; nil once closed.
    func accepted() -> Socket? {
        while isOpen.load(ordering: .acquiring) {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 100) > 0 else { continue }
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { continue }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            return Socket(connection)
        }
        return nil
    }

    var port: Int {
        // The port is at the same place in both families.
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return Int(UInt16(bigEndian: name.sin_port))
    }

    /// Everything, or false.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    func send(_ bytes: [UInt8], to address: String, port: Int) {
        try? Socket.with(address, port) { name, length in
            Int32(truncatingIfNeeded: bytes.withUnsafeBytes { sendto(descriptor, $0.baseAddress, $0.count, 0, name, length) })
        }
    }

    /// Waits for bytes; empty at the end and once closed, nil when `limit` is over.
    func read(atMost count: Int = 65_536, within limit: Duration? = nil) -> [UInt8]? {
        let end = limit.map { ContinuousClock.now + $0 }
        while isOpen.load(ordering: .acquiring) {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if Glibc.poll(&poll, 1, 100) > 0 {
                return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                    filled = max(0, recv(descriptor, buffer.baseAddress, count, 0))
                }
            }
            if let end, ContinuousClock.now >= end { return nil }
        }
        return []
    }

    /// All that comes until it ends with `end`, in however many pieces; nil where it does not come.
    func text(until end: String) -> String? {
        var text = ""
        while !text.utf8.reversed().starts(with: end.utf8.reversed()) {
            guard let bytes = read(within: .patience), !bytes.isEmpty else { return nil }
            text += String(decoding: bytes, as: UTF8.self)
        }
        return text
    }

    /// Waits for a datagram, and says where it came from; nil once closed.
    func datagram() -> (bytes: [UInt8], sender: sockaddr_in)? {
        while isOpen.load(ordering: .acquiring) {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 100) > 0 else { continue }
            var sender = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let bytes = [UInt8](unsafeUninitializedCapacity: 2_048) { buffer, filled in
                filled = withUnsafeMutablePointer(to: &sender) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        max(0, recvfrom(descriptor, buffer.baseAddress, buffer.count, 0, $0, &length))
                    }
                }
            }
            return (bytes, sender)
        }
        return nil
    }

    func send(_ bytes: [UInt8], to receiver: sockaddr_in) {
        var receiver = receiver
        _ = withUnsafePointer(to: &receiver) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bytes.withUnsafeBytes { sendto(descriptor, $0.baseAddress, $0.count, 0, name, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        }
    }

    /// Ends the connection, and whoever reads. The descriptor goes with the last user, so that a thread which still reads
    /// never meets another socket of the same number.
    func close() {
        guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func with(_ address: String, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws {
        if address.contains(":") { return try withIPv6(address, port, body) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else { throw HarnessError("no IPv4 address: \(address)") }
        let status = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard status >= 0 else { throw HarnessError("\(address):\(port): \(String(cString: strerror(errno)))") }
    }

    private static func withIPv6(_ address: String, _ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws {
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = UInt16(truncatingIfNeeded: port).bigEndian
        guard inet_pton(AF_INET6, address, &name.sin6_addr) == 1 else { throw HarnessError("no IPv6 address: \(address)") }
        let status = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in6>.size)) }
        }
        guard status >= 0 else { throw HarnessError("[\(address)]:\(port): \(String(cString: strerror(errno)))") }
    }
}

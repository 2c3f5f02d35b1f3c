import Glibc

/// A plain TCP socket for input that no proper client would send. Blocks: use it by ``offLoop(_:)``.
final class RawSocket: @unchecked Sendable {
    private(set) var descriptor: Int32
    private var buffer: [UInt8] = []
    /// Whether the peer ended the connection properly; nil while it has not ended.
    private(set) var endedByReset: Bool?

    init(descriptor: Int32) {
        self.descriptor = descriptor
        setTimeout(seconds: 5)
    }

    /// A connection to 127.0.0.1, or to ::1.
    init(port: Int, version6: Bool = false) {
        descriptor = socket(version6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        setTimeout(seconds: 5)
        if version6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(port).bigEndian
            inet_pton(AF_INET6, "::1", &address.sin6_addr)
            connect(to: &address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
            connect(to: &address)
        }
    }

    deinit { close() }

    private func connect<Address>(to address: inout Address) {
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        if status != 0 { close() }
    }

    private func setTimeout(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Ends the connection with a TCP reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    /// - Returns: Whether all of it was taken.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// - Returns: Whether more came.
    private func fill() -> Bool {
        guard descriptor >= 0 else { return false }
        var part = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &part, part.count, 0)
        if count > 0 {
            buffer += part.prefix(count)
            return true
        }
        if count == 0 { endedByReset = false } else if errno == ECONNRESET { endedByReset = true }
        return false
    }

    func take(_ count: Int) -> [UInt8]? {
        while buffer.count < count { if !fill() { return nil } }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    /// Everything until the peer ends the connection; ``endedByReset`` stays nil if it did not within 5 seconds.
    func takeAll() -> [UInt8] {
        while fill() {}
        defer { buffer = [] }
        return buffer
    }

    /// A response's or request's head, up to and with the empty line.
    func takeHead() -> String {
        let end = Array("\r\n\r\n".utf8)
        var length = 0
        while true {
            while length + 4 <= buffer.count {
                if Array(buffer[length..<length + 4]) == end { return String(decoding: take(length + 4) ?? [], as: UTF8.self) }
                length += 1
            }
            if !fill() { return "" }
        }
    }

    /// A whole response: its head and the body that Content-Length announces.
    func takeResponse() -> (head: String, body: [UInt8]) {
        let head = takeHead()
        let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        let length = line.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        return (head, take(length) ?? [])
    }
}

/// Runs what blocks outside the loop.
func offLoop<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await Task.detached { body() }.value
}

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

/// WebSocket frames by hand, over a ``RawSocket``.
extension RawSocket {
    static func handshake(path: String = "/api", headers: [String] = ["Sec-WebSocket-Protocol: tern"]) -> String {
        let lines =
            [
                "GET \(path) HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            ] + headers
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// A connection whose handshake is done.
    static func webSocket(port: Int) -> RawSocket {
        let socket = RawSocket(port: port)
        socket.send(handshake())
        _ = socket.takeHead()
        return socket
    }

    /// A masked frame, as a client has to send it.
    func sendFrame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) {
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        send(
            RawSocket.frameHead(opcode, length: payload.count, isFinal: isFinal) + mask
                + payload.enumerated().map { $1 ^ mask[$0 & 3] })
    }

    static func frameHead(_ opcode: UInt8, length: Int, isFinal: Bool = true, isMasked: Bool = true) -> [UInt8] {
        let masked: UInt8 = isMasked ? 0x80 : 0
        let first = (isFinal ? 0x80 : 0) | opcode
        if length < 126 { return [first, masked | UInt8(length)] }
        if length < 65_536 { return [first, masked | 126, UInt8(length >> 8), UInt8(length & 0xFF)] }
        return [first, masked | 127] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * (7 - $0))) }
    }

    struct Frame: Equatable, Sendable {
        var opcode: UInt8
        var payload: [UInt8]
        var text: String { String(decoding: payload, as: UTF8.self) }
        /// Of a close frame.
        var code: Int? { opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil }
    }

    func takeFrame() -> Frame? {
        guard let head = take(2) else { return nil }
        var length = Int(head[1] & 0x7F)
        if length == 126 {
            guard let more = take(2) else { return nil }
            length = Int(more[0]) << 8 | Int(more[1])
        } else if length == 127 {
            guard let more = take(8) else { return nil }
            length = more.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let payload = take(length) else { return nil }
        return Frame(opcode: head[0] & 0x0F, payload: payload)
    }
}

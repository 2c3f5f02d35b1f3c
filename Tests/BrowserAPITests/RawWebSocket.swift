import Glibc

/// A WebSocket client that sends frames which no decent client sends. It blocks: use it off the loop.
struct RawWebSocket {
    private let descriptor: Int32

    /// Connects to 127.0.0.1 and upgrades; nothing when that fails.
    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let request = """
            GET /api HTTP/1.1\r
            Host: 127.0.0.1\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r

            """
        guard connected == 0, write(Array(request.utf8)), readHead().hasPrefix("HTTP/1.1 101") else {
            close()
            return nil
        }
    }

    func close() { _ = Glibc.close(descriptor) }

    private func write(_ bytes: [UInt8]) -> Bool { send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return recv(descriptor, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
    }

    private func readHead() -> String {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual(Array("\r\n\r\n".utf8)), head.count < 4_096, let byte = read(1) { head += byte }
        return String(decoding: head, as: UTF8.self)
    }

    /// Sends one final frame of at most 125 bytes (RFC 6455 section 5.2), masked with zeros.
    func sendFrame(opcode: UInt8, _ payload: [UInt8]) -> Bool {
        write([0x80 | opcode, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload)
    }

    /// The status of the close frame, if the next frame is one.
    func closeStatus() -> Int? {
        guard let head = read(2), head[0] == 0x88, let payload = read(Int(head[1])), payload.count >= 2 else { return nil }
        return Int(payload[0]) << 8 | Int(payload[1])
    }
}

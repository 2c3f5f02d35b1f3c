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

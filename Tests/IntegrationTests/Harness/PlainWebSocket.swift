import Foundation

/// A WebSocket client of the tests' own (RFC 6455), so that it can also send what no good client would.
final class PlainWebSocket: Sendable {
    /// What came from the server.
    enum Message: Sendable, Equatable {
        case text(String)
        /// The close frame's code; 1006 when the connection went without one (section 7.1.5).
        case closed(Int)
    }

    enum Opcode: UInt8 {
        case continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10
    }

    let messages = Mailbox<Message>()
    private let socket: Socket

    init(_ address: String, port: Int, path: String = "/api", subprotocol: String? = "tern") throws {
        socket = try Socket(connectedTo: address, port: port)
        var head = "GET \(path) HTTP/1.1\r\nHost: \(address):\(port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        head += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        if let subprotocol { head += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        socket.write(Array((head + "\r\n").utf8))
        var answer: [UInt8] = []
        while !answer.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let byte = socket.read(atMost: 1, within: .patience), !byte.isEmpty else {
                throw HarnessError("no answer to the handshake: \(String(decoding: answer, as: UTF8.self))")
            }
            answer += byte
        }
        let text = String(decoding: answer, as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 101") else { throw HarnessError("handshake refused: \(text)") }
        let messages = messages, socket = socket
        Thread.detachNewThread { PlainWebSocket.listen(socket, messages) }
    }

    deinit { socket.close() }

    func send(_ text: String) { send(frame: .text, Array(text.utf8)) }

    /// One frame as it is, masked as a client must (section 5.3).
    func send(frame opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) {
        var frame: [UInt8] = [(isFinal ? 0x80 : 0) | opcode.rawValue]
        switch payload.count {
        case ..<126: frame.append(0x80 | UInt8(payload.count))
        case ..<65_536: frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default: frame += [0x80 | 127] + (0..<8).reversed().map { UInt8((payload.count >> (8 * $0)) & 0xff) }
        }
        let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        frame += mask
        frame += payload.enumerated().map { $0.element ^ mask[$0.offset % 4] }
        socket.write(frame)
    }

    /// Closes as a browser does, or just drops the connection.
    func close(politely: Bool = true) {
        if politely { send(frame: .close, [0x03, 0xe8]) }
        socket.close()
    }

    /// The close code, when the server closes within the time.
    func closeCode(within limit: Duration) async -> Int? {
        let message = await messages.first(within: limit) { if case .closed = $0 { true } else { false } }
        guard case .closed(let code) = message else { return nil }
        return code
    }

    // MARK: Receiving

    private static func listen(_ socket: Socket, _ messages: Mailbox<Message>) {
        var code = 1_006
        var text: [UInt8] = []
        while let (opcode, isFinal, payload) = frame(socket) {
            switch Opcode(rawValue: opcode) {
            case .text, .continuation, .binary:
                text += payload
                guard isFinal else { continue }
                messages.post(.text(String(decoding: text, as: UTF8.self)))
                text = []
            case .ping: socket.write([0x8a, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload)
            case .close where payload.count >= 2: code = Int(payload[0]) << 8 | Int(payload[1])
            case .close: code = 1_005
            default: break
            }
            if opcode == Opcode.close.rawValue { break }
        }
        messages.post(.closed(code))
        socket.close()
    }

    private static func frame(_ socket: Socket) -> (opcode: UInt8, isFinal: Bool, payload: [UInt8])? {
        guard let head = exactly(2, socket) else { return nil }
        var length = Int(head[1] & 0x7f)
        if length >= 126 {
            guard let more = exactly(length == 126 ? 2 : 8, socket) else { return nil }
            length = more.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let payload = exactly(length, socket) else { return nil }
        return (head[0] & 0x0f, head[0] & 0x80 != 0, payload)
    }

    private static func exactly(_ count: Int, _ socket: Socket) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = socket.read(atMost: count - bytes.count), !more.isEmpty else { return nil }
            bytes += more
        }
        return bytes
    }
}

import Foundation
import JSON

/// Firefox' remote control: JSON over TCP, each message after its length in decimal and a colon. A command is
/// `[0, id, name, parameters]`, its answer `[1, id, error, result]`.
final class Marionette: Sendable {
    private let socket: Socket
    private let answers = Mailbox<JSONValue>()
    private let ids = IDs()

    init(port: Int) throws {
        socket = try Socket(connectedTo: "127.0.0.1", port: port)
        let socket = socket, answers = answers
        Thread.detachNewThread {
            while let message = Marionette.message(from: socket) { answers.post(message) }
            answers.close()
        }
    }

    deinit { socket.close() }

    func close() { socket.close() }

    func command(_ name: String, _ parameters: JSONValue = [:], within limit: Duration = .seconds(70)) async throws -> JSONValue {
        let id = ids.next()
        let text = JSONValue.array([0, .integer(id), .string(name), parameters]).text
        socket.write(Array("\(text.utf8.count):\(text)".utf8))
        guard let answer = await answers.first(within: limit, where: { $0[0] == 1 && $0[1]?.intValue == id }) else {
            throw HarnessError("no answer to \(name) within \(limit)")
        }
        if let error = answer[2]?["error"]?.stringValue {
            throw HarnessError("\(name): \(error): \(answer[2]?["message"]?.stringValue ?? "")")
        }
        return answer[3] ?? .null
    }

    private static func message(from socket: Socket) -> JSONValue? {
        var length = 0
        while true {
            guard let byte = socket.read(atMost: 1)?.first else { return nil }
            if byte == UInt8(ascii: ":") { break }
            length = length * 10 + Int(byte) - 48
        }
        var bytes: [UInt8] = []
        while bytes.count < length {
            guard let more = socket.read(atMost: length - bytes.count), !more.isEmpty else { return nil }
            bytes += more
        }
        return try? JSONValue(parsing: String(decoding: bytes, as: UTF8.self), limits: JSONLimits(size: 16 << 20))
    }

    private final class IDs: @unchecked Sendable {
        private let lock = NSLock()
        private var last = 0
        func next() -> Int { lock.withLock { last += 1; return last } }
    }
}

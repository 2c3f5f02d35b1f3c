import BrowserAPI
import EventLoop
import Glibc
import JSON

/// A browser API with a test's handler behind it and connections of a test before it.
@LoopActor
final class Bench {
    let handler = TestHandler()
    let api: BrowserAPI
    private var lastID: UInt64 = 0

    init(_ change: (inout BrowserAPIConfiguration) -> Void = { _ in }) {
        var configuration = BrowserAPIConfiguration()
        configuration.failedLoginDelay = .milliseconds(1)
        change(&configuration)
        api = BrowserAPI(configuration: configuration, handler: handler)
    }

    func connect() -> TestTransport {
        lastID += 1
        let transport = TestTransport(id: lastID)
        api.opened(transport)
        return transport
    }

    /// A connection that is logged in, with the answer to its login.
    func login(_ user: String = "alice") async -> (transport: TestTransport, answer: JSONValue) {
        let transport = connect()
        let password = handler.users[user] ?? ""
        let data: JSONValue = ["user": .string(user), "password": .string(password)]
        send(["class": "core", "cmd": "login", "data": data, "tid": "login"], on: transport)
        return (transport, await transport.next()["data"] ?? .null)
    }

    /// The same, with the client as the gateway sees it.
    func client(_ user: String = "alice") async throws -> (transport: TestTransport, client: BrowserClient, token: String) {
        let (transport, answer) = await login(user)
        guard let id = answer["connection_id"]?.stringValue, let client = api.client(id),
            let token = answer["resume_token"]?.stringValue
        else { throw BenchError.noLogin }
        return (transport, client, token)
    }

    func send(_ message: JSONValue, on transport: TestTransport) { api.received(message.text, on: transport) }

    /// Sends a request and gives its answer.
    func ask(
        _ class: String, _ cmd: String, _ data: JSONValue? = nil, tid: JSONValue = 1, on transport: TestTransport
    ) async -> JSONValue {
        var message: [String: JSONValue] = ["class": .string(`class`), "cmd": .string(cmd), "tid": tid]
        message["data"] = data
        send(.object(message), on: transport)
        return await transport.next()
    }

    /// Closes a connection as if by the network, and gives its client another one.
    func resume(_ token: String) async -> (transport: TestTransport, answer: JSONValue) {
        let transport = connect()
        let answer = await ask("core", "resume", ["resume_token": .string(token)], on: transport)
        return (transport, answer)
    }
}

enum BenchError: Error { case noLogin }

extension JSONValue {
    /// The code of an error response.
    var errorCode: APIError.Code? { self["data"]?["code"]?.intValue.flatMap(APIError.Code.init(rawValue:)) }
    var errorText: String { self["data"]?["error"]?.stringValue ?? "" }
    var isOK: Bool { self["result"] == "ok" }
    /// The type of an event.
    var eventType: String? { self["data"]?["type"]?.stringValue }
}

/// A connection without a socket: what is sent to it can be awaited, one message after the other.
@LoopActor
final class TestTransport: BrowserTransport {
    nonisolated let id: UInt64
    nonisolated let remoteAddress = "192.0.2.1"
    private(set) var closing: (code: Int, reason: String)?
    private var unread: [JSONValue] = []
    private var reader: CheckedContinuation<JSONValue, Never>?
    private var closeWaiter: CheckedContinuation<Void, Never>?

    init(id: UInt64) { self.id = id }

    func send(_ text: String) {
        let message = (try? JSONValue(parsing: text)) ?? .string("not JSON: \(text)")
        if let reader {
            self.reader = nil
            reader.resume(returning: message)
        } else {
            unread.append(message)
        }
    }

    func close(code: Int, reason: String) {
        if closing == nil { closing = (code, reason) }
        closeWaiter?.resume()
        closeWaiter = nil
    }

    /// The next message that was not read yet, waiting for it where there is none.
    func next() async -> JSONValue {
        // The look and the wait are one step: an await may let others run, even on the same actor.
        await withCheckedContinuation { waiter in
            if unread.isEmpty { reader = waiter } else { waiter.resume(returning: unread.removeFirst()) }
        }
    }

    /// What was sent and not read yet.
    func rest() -> [JSONValue] {
        defer { unread = [] }
        return unread
    }

    /// The status with which the server closed it, waiting for that.
    func closed() async -> Int {
        await withCheckedContinuation { waiter in
            if closing == nil { closeWaiter = waiter } else { waiter.resume() }
        }
        return closing?.code ?? 0
    }
}

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

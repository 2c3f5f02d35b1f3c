import BrowserAPI
import EventLoop
import JSON
import Testing
import WebSocket

/// The browser API behind a real WebSocket server on a free port.
@LoopActor
final class SocketBench: WebSocketServerHandler {
    let handler = TestHandler()
    private var api: BrowserAPI?
    private var server: WebSocketServer?

    func start(_ change: (inout BrowserAPIConfiguration) -> Void = { _ in }) throws {
        var configuration = BrowserAPIConfiguration()
        change(&configuration)
        api = BrowserAPI(configuration: configuration, handler: handler)
        let server = WebSocketServer(configuration: WebSocketServerConfiguration(), handler: self)
        try server.start()
        self.server = server
    }

    func stop() async {
        api?.stop()
        await server?.stop()
        server = nil
    }

    var port: Int { server?.port ?? 0 }
    var clients: Int { api?.clientCount ?? 0 }

    func respond(to request: HTTPRequest) -> HTTPResponse { HTTPResponse(status: 404, text: "nothing here") }
    func opened(_ connection: WebSocketConnection) { api?.opened(connection) }
    func received(_ text: String, on connection: WebSocketConnection) { api?.received(text, on: connection) }
    func closed(_ connection: WebSocketConnection) { api?.closed(connection) }

    /// A connection that is open.
    func connect() async throws -> SocketPeer {
        let peer = SocketPeer(port: port)
        try await peer.open()
        return peer
    }
}

/// A real WebSocket client, whose messages and whose end can be awaited.
@LoopActor
final class SocketPeer {
    private var client: WebSocketClient?
    private let messages: AsyncStream<String>
    private let (opening, opened) = AsyncStream.makeStream(of: Void.self)
    private let (closing, closed) = AsyncStream.makeStream(of: WebSocketClosure.self)
    private var reader: AsyncStream<String>.Iterator

    init(port: Int) {
        let (messages, sent) = AsyncStream.makeStream(of: String.self)
        self.messages = messages
        reader = messages.makeAsyncIterator()
        var configuration = WebSocketClientConfiguration()
        configuration.maximumQueuedBytes = 16 << 20
        let (opened, closed) = (opened, closed)
        client = WebSocketClient(
            url: "ws://127.0.0.1:\(port)/api", subprotocol: "tern", configuration: configuration,
            onOpen: { opened.finish() }, onText: { sent.yield($0) },
            onClosed: { why in
                opened.finish()
                sent.finish()
                closed.yield(why)
                closed.finish()
            })
    }

    func open() async throws {
        try client?.connect()
        for await _ in opening {}
    }

    func send(_ text: String) { client?.send(text) }

    /// The next message, or nothing when the connection ended before.
    func next() async -> JSONValue? {
        var reader = reader
        let text = await reader.next(isolation: LoopActor.shared)
        return text.flatMap { try? JSONValue(parsing: $0) }
    }

    func ask(_ text: String) async -> JSONValue? {
        send(text)
        return await next()
    }

    /// The status with which the server closed the connection, waiting for that.
    func closeStatus() async -> Int? {
        for await why in closing {
            if case .byPeer(let code, _) = why { return code }
            Issue.record("it ended otherwise: \(why)")
        }
        return nil
    }

    func close() async {
        await client?.stop()
        client = nil
    }
}

import EventLoop
import Foundation
import Testing

@testable import WebSocket

/// All tests that use sockets, one after the other: some count the process' descriptors.
@Suite("WebSocket", .serialized)
enum WebSocketTests {}

/// Runs `body` with a server, and checks afterwards that every connection that was opened was closed exactly once.
@LoopActor
func withServer(
    _ configuration: WebSocketServerConfiguration = .init(),
    _ body: @LoopActor (WebSocketServer, EchoHandler) async throws -> Void
) async throws {
    let handler = EchoHandler()
    let server = WebSocketServer(configuration: configuration, handler: handler)
    try server.start()
    do { try await body(server, handler) } catch {
        await server.stop()
        throw error
    }
    await server.stop()
    #expect(handler.opened == handler.closed)
    #expect(server.connectionCount == 0)
}

/// A client that is open.
@LoopActor
func openClient(
    _ server: WebSocketServer, configuration: WebSocketClientConfiguration = .init()
) async throws -> TestClient {
    let client = TestClient("ws://127.0.0.1:\(server.port)/api", configuration: configuration)
    try client.connect()
    #expect(await client.next() == .open)
    return client
}

/// Echoes every text, counts what happens, and serves whatever a test puts into `pages`.
@LoopActor
final class EchoHandler: WebSocketServerHandler {
    var pages: [String: HTTPResponse] = [:]
    var requests: [HTTPRequest] = []
    var connections: [WebSocketConnection] = []
    var opened = 0
    var closed = 0
    var receivedBytes = 0
    var onReceived: (@LoopActor (String, WebSocketConnection) -> Void)?
    private var waiters: [(condition: @LoopActor (EchoHandler) -> Bool, resume: CheckedContinuation<Void, Never>)] = []

    func respond(to request: HTTPRequest) -> HTTPResponse {
        requests.append(request)
        return pages[request.path] ?? HTTPResponse(status: 404, text: "not found")
    }

    func opened(_ connection: WebSocketConnection) {
        opened += 1
        connections.append(connection)
        changed()
    }

    func received(_ text: String, on connection: WebSocketConnection) {
        receivedBytes += text.utf8.count
        if let onReceived { onReceived(text, connection) } else { connection.send(text) }
        changed()
    }

    func closed(_ connection: WebSocketConnection) {
        closed += 1
        connections.removeAll { $0 === connection }
        changed()
    }

    private func changed() {
        let now = waiters
        waiters = []
        for waiter in now {
            if waiter.condition(self) { waiter.resume.resume() } else { waiters.append(waiter) }
        }
    }

    func wait(until condition: @escaping @LoopActor (EchoHandler) -> Bool) async {
        if condition(self) { return }
        await withCheckedContinuation { waiters.append((condition, $0)) }
    }
}

/// A ``WebSocketClient`` whose events can be awaited one after the other.
@LoopActor
final class TestClient {
    enum Event: Equatable, Sendable { case open, text(String), closed(WebSocketClosure) }

    private(set) var client: WebSocketClient?
    private(set) var closures = 0
    private let events: AsyncStream<Event>
    private var iterator: AsyncStream<Event>.Iterator

    init(_ url: String, subprotocol: String = "tern", configuration: WebSocketClientConfiguration = .init()) {
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        self.events = events
        iterator = events.makeAsyncIterator()
        client = WebSocketClient(
            url: url, subprotocol: subprotocol, configuration: configuration,
            onOpen: { sink.yield(.open) },
            onText: { sink.yield(.text($0)) },
            onClosed: { [weak self] in
                self?.closures += 1
                sink.yield(.closed($0))
            })
    }

    func connect() throws { try client?.connect() }
    func send(_ text: String) { client?.send(text) }
    func close() { client?.close() }
    func stop() async { await client?.stop() }

    func next() async -> Event? {
        var iterator = iterator
        defer { self.iterator = iterator }
        return await iterator.next(isolation: LoopActor.shared)
    }
}

/// How many file descriptors this process has open.
func openDescriptors() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? -1
}

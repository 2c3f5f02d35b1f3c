import EventLoop
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

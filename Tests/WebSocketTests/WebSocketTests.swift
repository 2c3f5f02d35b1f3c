import EventLoop
import Testing
@testable import WebSocket

@Suite("WebSocket server and client", .serialized)
@LoopActor
struct WebSocketTests {
    @Test("texts go both ways and the close is told at both ends")
    func echo() async throws {
        let handler = EchoHandler()
        let server = WebSocketServer(configuration: .init(), handler: handler)
        try server.start()
        let client = TestClient("ws://127.0.0.1:\(server.port)/api")
        try client.connect()
        #expect(await client.next() == .open)
        client.send("hello")
        #expect(await client.next() == .text("hello"))
        client.close()
        #expect(await client.next() == .closed(.byUs))
        await handler.wait { $0.closed == 1 }
        await client.stop()
        await server.stop()
        #expect(handler.opened == 1)
        #expect(handler.closed == 1)
    }
}

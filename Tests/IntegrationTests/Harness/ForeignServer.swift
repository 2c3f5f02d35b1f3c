import EventLoop
import WebSocket

/// Serves one empty page, at an origin that is none of a gateway's.
@LoopActor
final class ForeignServer: WebSocketServerHandler {
    private var server: WebSocketServer?
    var port: Int { server?.port ?? 0 }

    static func start() async throws -> ForeignServer {
        let handler = ForeignServer()
        let server = WebSocketServer(configuration: WebSocketServerConfiguration(), handler: handler)
        handler.server = server
        try server.start()
        return handler
    }

    func stop() async { await server?.stop() }

    func respond(to request: HTTPRequest) -> HTTPResponse {
        HTTPResponse(contentType: "text/html; charset=utf-8", body: Array("<!doctype html><title>My page</title>".utf8))
    }
    func opened(_ connection: WebSocketConnection) {}
    func received(_ text: String, on connection: WebSocketConnection) {}
    func closed(_ connection: WebSocketConnection) {}
}

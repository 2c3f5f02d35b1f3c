public import BrowserAPI
public import EventLoop
public import JSON
public import WebSocket

/// What the HTTP listener serves: the web page, the state of the gateway, and the WebSockets of the browser API.
@LoopActor
public final class WebService: WebSocketServerHandler {
    private let page: WebPage
    private let api: BrowserAPI
    private let status: @LoopActor () -> JSONValue

    public init(page: WebPage, api: BrowserAPI, status: @escaping @LoopActor () -> JSONValue) {
        self.page = page
        self.api = api
        self.status = status
    }

    public func respond(to request: HTTPRequest) -> HTTPResponse {
        if request.path == "/status" {
            return HTTPResponse(
                contentType: "application/json", headers: [HTTPResponse.Header("Cache-Control", "no-store")],
                body: Array(status().text.utf8))
        }
        return page.response(to: request.path)
    }

    public func opened(_ connection: WebSocketConnection) { api.opened(connection) }

    public func received(_ text: String, on connection: WebSocketConnection) { api.received(text, on: connection) }

    public func closed(_ connection: WebSocketConnection) { api.closed(connection) }
}

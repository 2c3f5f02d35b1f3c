public import WebSocket

extension WebSocketConnection: BrowserTransport {}

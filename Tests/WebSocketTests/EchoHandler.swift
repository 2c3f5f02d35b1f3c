import EventLoop
import WebSocket

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

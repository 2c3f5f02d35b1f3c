import EventLoop
import Foundation
import JSON
import WebSocket

/// A client of the gateway's browser API that takes every call.
@LoopActor
final class TernCallee: Callee {
    private static let limit = Duration.seconds(10)

    let whereabouts = ""
    private(set) var failures = 0
    private let browser: EchoingBrowser
    private var socket: WebSocketClient?
    private var handles: [String: PluginHandle] = [:]
    /// Calls that ended before they were taken.
    private var ended: Set<String> = []
    private var requests = 1

    /// Logs in as the user `browser`.
    init(url: String, password: String, browser: EchoingBrowser) async throws {
        self.browser = browser
        let login: JSONValue = ["class": "core", "cmd": "login", "data": ["user": "browser", "password": .string(password)], "tid": 1]
        let outcome = FirstOutcome<String?>()
        let timer = LoopTimer.schedule(after: TernCallee.limit) { outcome.settle("no answer") }
        let socket = WebSocketClient(
            url: url, subprotocol: "tern",
            onOpen: { [weak self] in self?.socket?.send(login.text) },
            onText: { [weak self] text in
                guard let message = try? JSONValue(parsing: text) else { return }
                if message["tid"]?.intValue == 1, let result = message["result"]?.stringValue { return outcome.settle(result == "ok" ? nil : text) }
                self?.receive(message)
            },
            onClosed: { outcome.settle("\($0)") })
        self.socket = socket
        try socket.connect()
        let problem = await outcome.value
        timer.cancel()
        if let problem { throw BenchmarkFailure(description: "login: \(problem)") }
    }

    func stop() async { await socket?.stop() }

    private func receive(_ message: JSONValue) {
        if message["result"]?.stringValue == "error" {
            failures += 1
            return
        }
        let data = message["data"]
        switch message["cmd"]?.stringValue {
        case "event":
            guard data?["type"]?.stringValue == "hangup", let call = data?["obj_id"]?.stringValue else { return }
            end(call)
        case "call_invite":
            respond(to: message)
            guard let call = data?["call_id"]?.stringValue, let offer = data?["offer"]?["sdp"]?.stringValue else { return failures += 1 }
            LoopActor.task { await self.take(call, offer) }
        case .some: respond(to: message)
        case nil: break
        }
    }

    private func respond(to request: JSONValue) {
        guard let tid = request["tid"] else { return }
        socket?.send(JSONValue.object(["result": "ok", "tid": tid]).text)
    }

    private func take(_ call: String, _ offer: String) async {
        do {
            let (sdp, handle) = try await browser.answer(offer)
            guard ended.remove(call) == nil else { return await handle.detach() }
            handles[call] = handle
            requests += 1
            let request: JSONValue = [
                "class": "media", "cmd": "answer_call", "data": ["call_id": .string(call), "answer": ["sdp": .string(sdp)]], "tid": .integer(requests),
            ]
            socket?.send(request.text)
        } catch {
            failures += 1
        }
    }

    private func end(_ call: String) {
        guard let handle = handles.removeValue(forKey: call) else {
            ended.insert(call)
            return
        }
        LoopActor.task { await handle.detach() }
    }
}

import EventLoop
import JSON
import WebSocket

/// Clients of the browser API that log in and then do nothing.
@LoopActor
final class LoggedInBrowsers {
    /// Logins under way at a time.
    private static let atATime = 50
    private static let limit = Duration.seconds(20)

    private let url: String
    private let password: String
    private var sockets: [WebSocketClient] = []
    private(set) var closed = 0

    /// - Parameters:
    ///   - url: `ws://HOST:PORT/api`.
    ///   - password: The password of all users.
    init(url: String, password: String) {
        self.url = url
        self.password = password
    }

    /// Logs in `user1`, `user2` and so on, one client each.
    ///
    /// - Parameter numbers: The numbers of the users.
    /// - Throws: When one is refused, or has no answer within 20 s.
    func logIn(_ numbers: Range<Int>) async throws {
        var next = numbers.lowerBound
        while next < numbers.upperBound {
            let end = min(next + LoggedInBrowsers.atATime, numbers.upperBound)
            let logins = (next ..< end).map { number in Task { @LoopActor in await self.logIn("user\(number)") } }
            for login in logins {
                if let problem = await login.value { throw BenchmarkFailure(description: "login: \(problem)") }
            }
            next = end
        }
    }

    /// - Returns: Why it failed; nil when it did not.
    private func logIn(_ user: String) async -> String? {
        let outcome = FirstOutcome<String?>()
        let timer = LoopTimer.schedule(after: LoggedInBrowsers.limit) { outcome.settle("no answer within \(LoggedInBrowsers.limit)") }
        connect(user, outcome)
        let problem = await outcome.value
        timer.cancel()
        return problem
    }

    private func connect(_ user: String, _ outcome: FirstOutcome<String?>) {
        let request: JSONValue = ["class": "core", "cmd": "login", "data": ["user": .string(user), "password": .string(password)], "tid": 1]
        var socket: WebSocketClient?
        let client = WebSocketClient(
            url: url, subprotocol: "tern",
            // The gateway pings first.
            configuration: WebSocketClientConfiguration(handshakeTimeout: LoggedInBrowsers.limit, pingInterval: .seconds(50), silenceLimit: .seconds(120)),
            onOpen: { socket?.send(request.text) },
            onText: { text in
                guard let message = try? JSONValue(parsing: text), message["tid"]?.intValue == 1, let result = message["result"]?.stringValue else { return }
                outcome.settle(result == "ok" ? nil : message["data"]?["error"]?.stringValue ?? result)
            },
            onClosed: { [weak self] closure in
                socket = nil
                self?.closed += 1
                outcome.settle("\(closure)")
            })
        socket = client
        sockets.append(client)
        do { try client.connect() } catch { outcome.settle("\(error)") }
    }
}

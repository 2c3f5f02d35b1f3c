import EventLoop
import JSON
import WebSocket

@testable import Janus

/// A WebSocket server that answers as a Janus would, except where a test wants it to misbehave.
@LoopActor
final class FakeJanus: WebSocketServerHandler {
    /// What a test lets it do with a request instead of answering properly; `nil` to answer properly.
    var answer: (@LoopActor (FakeJanus, JSONValue) -> [String]?)?

    let requests = Record<JSONValue>()
    private var server: WebSocketServer?
    private(set) var connections: [WebSocketConnection] = []
    private var nextID = 1
    private let subprotocol: String

    var url: String { "ws://127.0.0.1:\(server?.port ?? 0)/" }

    /// Runs a test against it and a client that is ready.
    static func run<Result: Sendable>(
        timeout: Duration = .seconds(5), keepalive: Duration = .seconds(25), maximumPending: Int = 10_000,
        _ body: @LoopActor (FakeJanus, JanusClient, Record<JanusState>) async throws -> Result
    ) async throws -> Result {
        let fake = FakeJanus()
        try fake.start()
        let states = Record<JanusState>()
        let client = JanusClient(
            configuration: JanusClientConfiguration(
                url: fake.url, apiSecret: "secret", requestTimeout: timeout, keepaliveInterval: keepalive,
                firstRetry: .milliseconds(10), longestRetry: .milliseconds(50), maximumPending: maximumPending)
        ) { states.add($0) }
        client.start()
        do {
            try await states.first { $0 == .ready }
            let result = try await body(fake, client, states)
            await client.stop()
            await fake.stop()
            return result
        } catch {
            await client.stop()
            await fake.stop()
            throw error
        }
    }

    init(subprotocol: String = "janus-protocol") { self.subprotocol = subprotocol }

    func start(port: Int = 0) throws {
        let server = WebSocketServer(
            configuration: WebSocketServerConfiguration(port: port, path: "/", subprotocol: subprotocol), handler: self)
        try server.start()
        self.server = server
    }

    func stop() async {
        await server?.stop()
        server = nil
    }

    /// Says something to every client.
    func say(_ message: JSONValue) { sayText(message.text) }

    func sayText(_ text: String) { connections.forEach { $0.send(text) } }

    /// Cuts every connection.
    func hangUp() { connections.forEach { $0.close(code: 1001, reason: "going away") } }

    // MARK: WebSocketServerHandler

    func respond(to request: HTTPRequest) -> HTTPResponse { HTTPResponse(status: 404, text: "") }

    func opened(_ connection: WebSocketConnection) { connections.append(connection) }

    func closed(_ connection: WebSocketConnection) { connections.removeAll { $0 === connection } }

    func received(_ text: String, on connection: WebSocketConnection) {
        guard let request = try? JSONValue(parsing: text) else { return }
        requests.add(request)
        let answers = answer?(self, request) ?? properAnswer(request)
        answers.forEach { connection.send($0) }
    }

    private func properAnswer(_ request: JSONValue) -> [String] {
        switch request["janus"]?.stringValue {
        case "create", "attach":
            nextID += 1
            return [reply("success", to: request, ["data": ["id": .integer(nextID)]])]
        case "detach":
            return [reply("success", to: request), departure(request)]
        case "destroy":
            return [reply("success", to: request)]
        case "info":
            return [reply("server_info", to: request, ["version": 1_102, "version_string": "1.1.2"])]
        case "message" where request["body"]?["request"] == "version":
            return [reply("success", to: request, ["plugindata": ["data": FakeJanus.version()]])]
        case "message":
            return [reply("ack", to: request), event(to: request, ["done": true])]
        default:
            return [reply("ack", to: request)]
        }
    }

    /// What Janus says of a detached handle when the plugin has let go of it.
    func departure(_ request: JSONValue) -> String {
        JSONValue.object(["janus": "detached", "sender": request["handle_id"] ?? .null]).text
    }

    /// What Tern's plugin answers to `version`.
    nonisolated static func version(
        protocol number: Int = EngineVersion.current.protocol, _ version: String = EngineVersion.current.version, api: Int? = nil
    ) -> JSONValue {
        var members: [String: JSONValue] = ["tern": "version", "protocol": .integer(number), "version": .string(version)]
        if let api { members["api"] = .integer(api) }
        return .object(members)
    }

    func reply(_ name: String, to request: JSONValue, _ members: [String: JSONValue] = [:]) -> String {
        var members = members
        members["janus"] = .string(name)
        members["transaction"] = request["transaction"]
        return JSONValue.object(members).text
    }

    func event(to request: JSONValue, _ data: JSONValue, jsep: JSONValue? = nil) -> String {
        var members: [String: JSONValue] = ["plugindata": ["plugin": "p", "data": data]]
        members["sender"] = request["handle_id"]
        members["jsep"] = jsep
        return reply("event", to: request, members)
    }
}

/// Keeps what happened, in order, and lets a test wait for something to happen.
@LoopActor
final class Record<Element: Sendable> {
    struct NeverHappened: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var elements: [Element] = []
    private var waiting: [(matches: @LoopActor (Element) -> Bool, resume: @LoopActor (Element?) -> Void)] = []

    func add(_ element: Element) {
        elements.append(element)
        let judged = waiting.map { (waiter: $0, isMet: $0.matches(element)) }
        waiting = judged.filter { !$0.isMet }.map(\.waiter)
        for case (let waiter, true) in judged { waiter.resume(element) }
    }

    func clear() { elements = [] }

    /// The first element that matches: one that is there, or the next to come.
    @discardableResult
    func first(
        within limit: Duration = .seconds(20), where matches: @escaping @LoopActor (Element) -> Bool
    ) async throws -> Element {
        if let element = elements.first(where: { matches($0) }) { return element }
        let found: Element? = await withCheckedContinuation { continuation in
            var isOver = false
            let end: @LoopActor (Element?) -> Void = { element in
                guard !isOver else { return }
                isOver = true
                continuation.resume(returning: element)
            }
            let timer = LoopTimer.schedule(after: limit) { end(nil) }
            waiting.append((matches, { timer.cancel(); end($0) }))
        }
        guard let found else { throw NeverHappened(description: "not within \(limit); there was: \(elements)") }
        return found
    }
}

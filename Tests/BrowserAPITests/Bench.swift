import BrowserAPI
import EventLoop
import JSON

/// A browser API with a test's handler behind it and connections of a test before it.
@LoopActor
final class Bench {
    let handler = TestHandler()
    let api: BrowserAPI
    private var lastID: UInt64 = 0

    init(_ change: (inout BrowserAPIConfiguration) -> Void = { _ in }) {
        var configuration = BrowserAPIConfiguration()
        configuration.failedLoginDelay = .milliseconds(1)
        change(&configuration)
        api = BrowserAPI(configuration: configuration, handler: handler)
    }

    func connect() -> TestTransport {
        lastID += 1
        let transport = TestTransport(id: lastID)
        api.opened(transport)
        return transport
    }

    /// A connection that is logged in, with the answer to its login.
    func login(_ user: String = "alice") async -> (transport: TestTransport, answer: JSONValue) {
        let transport = connect()
        let password = handler.users[user] ?? ""
        let data: JSONValue = ["user": .string(user), "password": .string(password)]
        send(["class": "core", "cmd": "login", "data": data, "tid": "login"], on: transport)
        return (transport, await transport.next()["data"] ?? .null)
    }

    /// The same, with the client as the gateway sees it.
    func client(_ user: String = "alice") async throws -> (transport: TestTransport, client: BrowserClient, token: String) {
        let (transport, answer) = await login(user)
        guard let id = answer["connection_id"]?.stringValue, let client = api.client(id),
            let token = answer["resume_token"]?.stringValue
        else { throw BenchError.noLogin }
        return (transport, client, token)
    }

    func send(_ message: JSONValue, on transport: TestTransport) { api.received(message.text, on: transport) }

    /// Sends a request and gives its answer.
    func ask(
        _ class: String, _ cmd: String, _ data: JSONValue? = nil, tid: JSONValue = 1, on transport: TestTransport
    ) async -> JSONValue {
        var message: [String: JSONValue] = ["class": .string(`class`), "cmd": .string(cmd), "tid": tid]
        message["data"] = data
        send(.object(message), on: transport)
        return await transport.next()
    }

    /// Closes a connection as if by the network, and gives its client another one.
    func resume(_ token: String) async -> (transport: TestTransport, answer: JSONValue) {
        let transport = connect()
        let answer = await ask("core", "resume", ["resume_token": .string(token)], on: transport)
        return (transport, answer)
    }
}

enum BenchError: Error { case noLogin }

extension JSONValue {
    /// The code of an error response.
    var errorCode: APIError.Code? { self["data"]?["code"]?.intValue.flatMap(APIError.Code.init(rawValue:)) }
    var errorText: String { self["data"]?["error"]?.stringValue ?? "" }
    var isOK: Bool { self["result"] == "ok" }
    /// The type of an event.
    var eventType: String? { self["data"]?["type"]?.stringValue }
}

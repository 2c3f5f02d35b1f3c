import Authentication
import BrowserAPI
@testable import Calls
@testable import Configuration
import EventLoop
import JSON
import Logging
import Media
import ProxyCore
@testable import Recording
@testable import Routing
import Web
import WebSocket

/// The browser's side of a gateway, with its real WebSocket server on a free port, and neither phones nor Janus.
@LoopActor
final class LoginBench {
    private let service: BrowserService
    private let switchboard: Switchboard
    private let api: BrowserAPI
    private let web: WebService
    private let server: WebSocketServer
    let lines = FaultLog()

    init(_ settings: CallSettings, tokens: [TokenKey]) async throws {
        let lines = lines
        let log = Logger(label: "tern.test") { _ in lines }
        let media = MediaBackend(.external([], apiSecret: nil), log: log)
        let table = CallTable()
        let sessions = SessionRegistry(
            factory: SessionContext(
                media: media, mediaAddresses: LegAddresses("127.0.0.1"),
                recordings: RecordingService(configuration: RecordingConfiguration(directory: "/nonexistent", preparation: []), log: log),
                recordingsDirectory: "/nonexistent", log: log),
            table: table)
        switchboard = Switchboard(
            settings: settings, routing: RoutingTable(routes: [], users: [], trunks: [], domain: ""), table: table, sessions: sessions,
            trunks: TrunkService(settings.trunks, log: log), log: log)
        service = BrowserService(sessions: sessions, switchboard: switchboard, log: log)
        service.take(tokens: tokens)
        api = BrowserAPI(handler: service, log: log)
        switchboard.api = api
        web = WebService(
            page: try WebPage(), api: api,
            reports: WebService.Reports(status: { [:] }, metrics: { "" }, obstacles: { [] }, mayReadMetrics: { _ in false }))
        server = WebSocketServer(configuration: WebSocketServerConfiguration(), handler: web)
        try server.start()
    }

    func stop() async {
        api.stop()
        await server.stop()
    }

    /// The answer to a login on a connection of its own; nothing when the connection was closed instead.
    func login(_ data: JSONValue) async throws -> JSONValue? {
        let (texts, arrived) = AsyncStream.makeStream(of: String.self)
        let (openings, opened) = AsyncStream.makeStream(of: Void.self)
        let client = WebSocketClient(
            url: "ws://127.0.0.1:\(server.port)/api", subprotocol: "tern", onOpen: { opened.finish() },
            onText: { arrived.yield($0) },
            onClosed: { _ in
                opened.finish()
                arrived.finish()
            })
        try client.connect()
        for await _ in openings {}
        let request: JSONValue = ["class": "core", "cmd": "login", "data": data, "tid": 1]
        client.send(request.text)
        var reader = texts.makeAsyncIterator()
        let text = await reader.next(isolation: LoopActor.shared)
        await client.stop()
        return try text.map { try JSONValue(parsing: $0) }
    }

    func login(token: String) async throws -> JSONValue? { try await login(["token": .string(token)]) }

    /// The clients of a user.
    func clients(of user: String) -> [BrowserClient] { api.clients(of: user) }

    /// Whether calls can go to `name`, and callers have to prove that they are it.
    func isUser(_ name: String) -> Bool { switchboard.isUser(name) }
}

import EventLoop
import JSON
import WebSocket

/// A server that answers the gateway's requests as Janus with the media engine would, at once and without media.
///
/// The gateway's share of a call is measured with it: what Janus costs, and how long it takes, is left out. Ports are numbers that nobody binds.
@LoopActor
final class JanusStandIn: WebSocketServerHandler {
    private static let firstPort = 20_000, lastPort = 59_998

    private let version: JSONValue
    private var server: WebSocketServer?
    private var ids = 0
    private var nextPort = JanusStandIn.firstPort

    /// - Parameters:
    ///   - version: What the plugin of this build says of itself: number of the protocol, and version.
    init(protocol number: Int, version: String) {
        self.version = ["tern": "version", "protocol": .integer(number), "version": .string(version), "api": 102]
    }

    /// Listens on a port of loopback.
    func start(port: Int) throws {
        let server = WebSocketServer(
            configuration: WebSocketServerConfiguration(port: port, path: "/", subprotocol: "janus-protocol"), handler: self)
        try server.start()
        self.server = server
    }

    func respond(to request: HTTPRequest) -> HTTPResponse { HTTPResponse(status: 404, text: "") }

    func opened(_ connection: WebSocketConnection) { connection.isKnown = true }

    func closed(_ connection: WebSocketConnection) {}

    func received(_ text: String, on connection: WebSocketConnection) {
        guard let request = try? JSONValue(parsing: text) else { return }
        for answer in answers(to: request) { connection.send(answer) }
    }

    private func answers(to request: JSONValue) -> [String] {
        switch request["janus"]?.stringValue {
        case "create", "attach":
            ids += 1
            return [reply("success", to: request, ["data": ["id": .integer(ids)]])]
        case "detach":
            // The second says that the plugin has let go of the handle.
            return [reply("success", to: request), JSONValue.object(["janus": "detached", "sender": request["handle_id"] ?? .null]).text]
        case "info": return [reply("server_info", to: request, ["version": 1_102, "version_string": "1.1.2"])]
        case "message": return [reply("success", to: request, ["plugindata": ["plugin": "janus.plugin.tern", "data": data(for: request)]])]
        case "keepalive", "trickle": return [reply("ack", to: request)]
        default: return [reply("success", to: request)]
        }
    }

    /// What the plugin says.
    private func data(for request: JSONValue) -> JSONValue {
        let leg = request["handle_id"] ?? 1
        let body = request["body"]
        switch body?["request"]?.stringValue {
        case "version": return version
        case "attach": return ["tern": "attach", "leg": leg]
        case "open":
            var members: [String: JSONValue] = ["tern": "open", "leg": leg]
            for medium in body?["media"]?.arrayValue ?? [] {
                guard let name = medium.stringValue else { continue }
                members[name] = ["port": .integer(takePort()), "key": .string(JanusStandIn.key)]
            }
            return .object(members)
        case "statistics": return ["tern": "statistics", "leg": leg, "audio": JanusStandIn.counts]
        case let name?: return ["tern": .string(name)]
        case nil: return ["error": "no request", "error_code": 400]
        }
    }

    private func takePort() -> Int {
        defer { nextPort = nextPort >= JanusStandIn.lastPort ? JanusStandIn.firstPort : nextPort + 2 }
        return nextPort
    }

    private func reply(_ name: String, to request: JSONValue, _ members: [String: JSONValue] = [:]) -> String {
        var members = members
        members["janus"] = .string(name)
        members["transaction"] = request["transaction"]
        return JSONValue.object(members).text
    }

    /// 46 bytes in base64, as long as the engine's.
    private static let key = String(repeating: "A", count: 62) + "=="

    /// The counters of a medium that has had nothing to count, as long as the engine's.
    private static let counts: JSONValue = [
        "received": ["packets": 0, "bytes": 0, "lost": 0, "jitter": 0, "misordered": 0, "restarts": 0, "ssrc": 0],
        "sent": ["packets": 0, "bytes": 0, "ssrc": 0],
        "digits": 0, "rtcp_received": 0, "dropped": 0, "srtp_errors": 0,
    ]
}

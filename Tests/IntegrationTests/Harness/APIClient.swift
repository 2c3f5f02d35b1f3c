import Foundation
import JSON

/// A client of the browser API: an application server, or a browser without a browser.
final class APIClient: @unchecked Sendable {
    /// An error that the gateway answered with.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let code: Int
        let text: String
        var description: String { "\(code) \(text)" }
    }

    let socket: PlainWebSocket
    /// What the gateway sends of itself: events, and its own requests.
    private let incoming = Mailbox<JSONValue>()
    private let answers = Mailbox<JSONValue>()
    private let lock = NSLock()
    private var lastTransaction = 0

    init(_ gateway: GatewayProcess) throws {
        socket = try PlainWebSocket(gateway.httpAddress, port: gateway.httpPort)
        let socket = socket, incoming = incoming, answers = answers
        Task.detached {
            while case .text(let text)? = await socket.messages.first(within: .seconds(600), where: { _ in true }) {
                guard let message = try? JSONValue(parsing: text) else { continue }
                if message["ack"] != nil { continue }
                if message["result"] == nil { incoming.post(message) } else { answers.post(message) }
            }
            incoming.close()
            answers.close()
        }
    }

    /// A client that is logged in.
    static func user(_ name: String, at gateway: GatewayProcess) async throws -> APIClient {
        let client = try APIClient(gateway)
        _ = try await client.request("core", "login", ["user": .string(name), "password": .string(GatewayProcess.password)])
        return client
    }

    /// Logs out, so that the gateway need not wait for this client to resume.
    func leave() async {
        _ = try? await request("core", "logout")
        socket.close()
    }

    // MARK: Requests

    /// - Returns: The answer's `data`.
    /// - Throws: ``Refusal``, or ``HarnessError`` when no answer comes.
    @discardableResult
    func request(
        _ class: String, _ command: String, _ data: JSONValue = .object([:]), within limit: Duration = .patience
    ) async throws -> JSONValue {
        let transaction = lock.withLock { lastTransaction += 1; return lastTransaction }
        let message: JSONValue = [
            "class": .string(`class`), "cmd": .string(command), "data": data, "tid": .integer(transaction),
        ]
        socket.send(message.text)
        guard let answer = await answers.first(within: limit, where: { $0["tid"]?.intValue == transaction }) else {
            throw HarnessError("no answer to \(`class`) \(command) within \(limit)")
        }
        guard answer["result"]?.stringValue == "ok" else {
            throw Refusal(code: answer["data"]?["code"]?.intValue ?? 0, text: answer["data"]?["error"]?.stringValue ?? answer.text)
        }
        return answer["data"] ?? .object([:])
    }

    /// The refusal that a request brings; a test fails when it is served.
    func refusal(of class: String, _ command: String, _ data: JSONValue = .object([:])) async throws -> Refusal {
        do {
            let data = try await request(`class`, command, data)
            throw HarnessError("\(`class`) \(command) was served: \(data.text)")
        } catch let refusal as Refusal {
            return refusal
        }
    }

    // MARK: What the gateway begins

    /// An event's `body`, of a type and, when given, of one session or call.
    func event(
        _ type: String, of object: String? = nil, within limit: Duration = .patience, where fits: @escaping @Sendable (JSONValue) -> Bool = { _ in true }
    ) async throws -> JSONValue {
        let event = await incoming.first(within: limit) { message in
            message["cmd"]?.stringValue == "event" && message["data"]?["type"]?.stringValue == type
                && (object == nil || message["data"]?["obj_id"]?.stringValue == object)
                && fits(message["data"]?["body"] ?? .null)
        }
        guard let event else {
            throw HarnessError("no event \(type) within \(limit), but \(incoming.all.map(\.text).joined(separator: "\n"))")
        }
        return event["data"]?["body"] ?? .object([:])
    }

    /// How many such events have come that nobody took.
    func waitingEvents(_ type: String, of object: String) -> Int {
        incoming.all.count { $0["data"]?["type"]?.stringValue == type && $0["data"]?["obj_id"]?.stringValue == object }
    }

    /// Waits for a request of the gateway, and answers it with an error.
    func refuse(_ command: String, within limit: Duration = .patience) async throws {
        let request = await incoming.first(within: limit) { $0["cmd"]?.stringValue == command }
        guard let transaction = request?["tid"] else { throw HarnessError("no request \(command) within \(limit)") }
        let answer: JSONValue = ["result": "error", "data": ["code": 1, "error": "no"], "tid": transaction]
        socket.send(answer.text)
    }

    /// Waits for a request of the gateway, answers `ok` with what `answer` makes of its `data`, and returns that.
    @discardableResult
    func serve(
        _ command: String, within limit: Duration = .patience, _ answer: (JSONValue) async throws -> JSONValue = { _ in .object([:]) }
    ) async throws -> JSONValue {
        let request = await incoming.first(within: limit) { $0["cmd"]?.stringValue == command }
        guard let request, let transaction = request["tid"] else {
            throw HarnessError("no request \(command) within \(limit), but \(incoming.all.map(\.text).joined(separator: "\n"))")
        }
        let data = request["data"] ?? .object([:])
        let answer: JSONValue = ["result": "ok", "data": try await answer(data), "tid": transaction]
        socket.send(answer.text)
        return data
    }
}

// MARK: What tests ask for often

extension APIClient {
    /// The only session that there is; for admins.
    func onlySession() async throws -> String {
        let list = try await request("media", "get_list", ["user": "*"])
        guard let ids = list["session_ids"]?.arrayValue, ids.count == 1, let id = ids[0].stringValue else { throw HarnessError("not one session: \(list.text)") }
        return id
    }

    /// `update_session`.
    func update(_ session: String, _ options: [String: JSONValue]) async throws {
        try await request("media", "update_session", .object(options.merging(["session_id": .string(session)]) { $1 }))
    }
}

import EventLoop
import JSON
import WebSocket

/// Why a measurement cannot be made.
struct BenchmarkFailure: Error, CustomStringConvertible {
    var description: String
}

/// One connection to a Janus with one session, for requests as the benchmark writes them: the stock plugins are none of the gateway's business.
@LoopActor
final class JanusConnection {
    private typealias Waiting = CheckedContinuation<Result<JSONValue, BenchmarkFailure>, Never>

    private var socket: WebSocketClient?
    private var waiting: [String: Waiting] = [:]
    private var transactions = 0
    private var session = 0
    private var keepalive: LoopTimer?
    private var isClosed = false
    /// Gets what Janus says unasked.
    var onEvent: (@LoopActor (JSONValue) -> Void)?

    /// Connects, and creates the session.
    init(port: Int) async throws {
        let opened = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            var pending: CheckedContinuation<Bool, Never>? = continuation
            func opened(_ isOpen: Bool) {
                pending?.resume(returning: isOpen)
                pending = nil
            }
            let socket = WebSocketClient(
                url: "ws://127.0.0.1:\(port)/", subprotocol: "janus-protocol", onOpen: { opened(true) },
                onText: { [weak self] in self?.receive($0) },
                onClosed: { [weak self] _ in
                    opened(false)
                    self?.close()
                })
            self.socket = socket
            do { try socket.connect() } catch { opened(false) }
        }
        guard opened else { throw BenchmarkFailure(description: "no connection to Janus") }
        session = try await request(["janus": "create"])["data"]?["id"]?.intValue ?? 0
        keepalive = LoopTimer.schedule(after: .seconds(20), every: .seconds(20)) { [weak self] in
            guard let self else { return }
            send(["janus": "keepalive", "session_id": .integer(session)])
        }
    }

    func attach(_ plugin: String) async throws -> PluginHandle {
        let answer = try await request(["janus": "attach", "session_id": .integer(session), "plugin": .string(plugin)])
        guard let id = answer["data"]?["id"]?.intValue else { throw BenchmarkFailure(description: "no handle of \(plugin)") }
        return PluginHandle(id: id, connection: self)
    }

    func stop() async {
        keepalive?.cancel()
        await socket?.stop()
        socket = nil
    }

    /// Waits for the answer of the core or the plugin; an acknowledgement is none.
    fileprivate func request(_ members: [String: JSONValue], of handle: Int? = nil) async throws -> JSONValue {
        var members = members
        if let handle {
            members["session_id"] = .integer(session)
            members["handle_id"] = .integer(handle)
        }
        let message = members
        let answer = try await withCheckedContinuation { (continuation: Waiting) in
            guard !isClosed else { return continuation.resume(returning: .failure(BenchmarkFailure(description: "Janus has ended"))) }
            waiting[send(message)] = continuation
        }.get()
        if let reason = answer["error"]?["reason"]?.stringValue ?? answer["plugindata"]?["data"]?["error"]?.stringValue {
            throw BenchmarkFailure(description: "\(members["body"]?["request"]?.stringValue ?? members["janus"]?.stringValue ?? ""): \(reason)")
        }
        return answer
    }

    @discardableResult
    private func send(_ members: [String: JSONValue]) -> String {
        transactions += 1
        let transaction = "\(transactions)"
        var members = members
        members["transaction"] = .string(transaction)
        socket?.send(JSONValue.object(members).text)
        return transaction
    }

    private func receive(_ text: String) {
        guard let message = try? JSONValue(parsing: text), message["janus"]?.stringValue != "ack" else { return }
        guard let transaction = message["transaction"]?.stringValue, let continuation = waiting.removeValue(forKey: transaction) else {
            onEvent?(message)
            return
        }
        continuation.resume(returning: .success(message))
    }

    private func close() {
        isClosed = true
        let all = waiting.values
        waiting = [:]
        for continuation in all { continuation.resume(returning: .failure(BenchmarkFailure(description: "Janus has ended"))) }
    }
}

/// A handle of a plugin.
@LoopActor
struct PluginHandle {
    let id: Int
    let connection: JanusConnection

    /// What the plugin says, and the session description that comes with it.
    struct Answer {
        let data: JSONValue
        let description: String?
    }

    @discardableResult
    func message(_ body: JSONValue, _ description: Description? = nil) async throws -> Answer {
        var members: [String: JSONValue] = ["janus": "message", "body": body]
        if let description { members["jsep"] = description.json }
        let answer = try await connection.request(members, of: id)
        return Answer(data: answer["plugindata"]?["data"] ?? .null, description: answer["jsep"]?["sdp"]?.stringValue)
    }

    func detach() async { _ = try? await connection.request(["janus": "detach"], of: id) }
}

/// An offer or answer for a PeerConnection.
struct Description {
    let type: String
    var sdp: String
    var isTrickled = false

    fileprivate var json: JSONValue { ["type": .string(type), "sdp": .string(sdp), "trickle": .bool(isTrickled)] }

    /// The same without its candidates: its receiver learns them from the packets that come.
    var withoutCandidates: Description {
        let lines = sdp.split(separator: "\r\n").filter { !$0.hasPrefix("a=candidate:") && !$0.hasPrefix("a=end-of-candidates") }
        return Description(type: type, sdp: lines.map { $0 + "\r\n" }.joined(), isTrickled: true)
    }
}

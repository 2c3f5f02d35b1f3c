import EventLoop
@testable import Janus
import JSON

/// Janus' admin API over WebSocket: the handles that Janus itself holds open, to find leaks.
///
/// It connects with the first question, and closes the connection when no other has come for a while.
@LoopActor
final class JanusAdmin {
    /// `ws://host:port/` of the admin WebSocket transport; a new one counts from the next connection on.
    var url: String
    private let secret: String
    private let timeout: Duration
    private let idleLimit: Duration
    private var idle: LoopTimer?
    private var questions = 0
    private var channel: JanusChannel?
    private var waiting: [CheckedContinuation<Result<JanusChannel, JanusError>, Never>] = []

    init(url: String, secret: String, timeout: Duration = .seconds(5), idleLimit: Duration = .seconds(2)) {
        self.url = url
        self.secret = secret
        self.timeout = timeout
        self.idleLimit = idleLimit
    }

    /// The ids of all sessions, whoever holds them.
    func sessions() async throws(JanusError) -> [UInt64] {
        try await ids(in: "sessions", of: ["janus": "list_sessions"])
    }

    /// The ids of a session's handles.
    func handles(of session: UInt64) async throws(JanusError) -> [UInt64] {
        try await ids(in: "handles", of: ["janus": "list_handles", "session_id": .id(session)])
    }

    /// How many handles Janus holds, over all sessions.
    func handleCount() async throws(JanusError) -> Int {
        var count = 0
        for session in try await sessions() {
            do throws(JanusError) {
                count += try await handles(of: session).count
            } catch .refused(code: 458, _) {
                // The session ended in between.
            }
        }
        return count
    }

    /// Closes the connection; the next question opens another.
    func close() async {
        let channel = channel
        idle?.cancel()
        channel?.close("closed")
        await channel?.finish()
    }

    private func ids(in member: String, of request: [String: JSONValue]) async throws(JanusError) -> [UInt64] {
        guard let list = try await ask(request)[member]?.arrayValue else { throw .malformed("no member \"\(member)\"") }
        return list.compactMap { $0.intValue.flatMap { UInt64(exactly: $0) } }
    }

    private func ask(_ request: [String: JSONValue]) async throws(JanusError) -> JSONValue {
        var request = request
        request["admin_secret"] = .string(secret)
        questions += 1
        idle?.cancel()
        defer {
            questions -= 1
            if questions == 0 { idle = LoopTimer.schedule(after: idleLimit) { [weak self] in self?.channel?.close("idle") } }
        }
        return try await connected().request(request, until: .success).json
    }

    private func connected() async throws(JanusError) -> JanusChannel {
        if let channel, channel.isOpen { return channel }
        return try await withCheckedContinuation { continuation in
            waiting.append(continuation)
            if channel == nil { connect() }
        }.get()
    }

    private func connect() {
        let channel = JanusChannel(
            url: url, subprotocol: "janus-admin-protocol", timeout: timeout,
            onOpen: { [self] channel in answer(.success(channel)) },
            onMessage: { _ in },
            onClosed: { [self] channel, reason in
                if self.channel === channel { self.channel = nil }
                answer(.failure(.notReady(reason)))
            })
        self.channel = channel
        channel.connect()
    }

    private func answer(_ result: Result<JanusChannel, JanusError>) {
        let waiting = waiting
        self.waiting = []
        waiting.forEach { $0.resume(returning: result) }
    }
}

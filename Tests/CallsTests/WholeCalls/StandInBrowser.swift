import BrowserAPI
import EventLoop
import JSON

/// A page that is logged in to the real ``BrowserAPI``, by a transport that is no WebSocket. It keeps what it is sent, and checks what a client may rely on.
@LoopActor
final class StandInBrowser: BrowserTransport {
    /// A request of the gateway's.
    struct Request {
        let tid: Int
        let command: String
        let data: JSONValue

        var call: String? { data["call_id"]?.stringValue }
    }

    /// What the client knows of a call.
    struct Part {
        var session: String
        var isCaller: Bool
        /// Whether it has been told that it has the call.
        var isAnswered = false
        /// Whether it has ended its part by itself.
        var hasLeft = false
        /// The last events of the call that it was sent.
        var ends: [String] = []
    }

    /// A request of its own.
    struct Sent {
        let command: String
        /// The call, or session, that it is about.
        let object: String?
        /// Whether the client has no right to it.
        let isForeign: Bool
    }

    let id: UInt64
    let remoteAddress = "203.0.113.77:4000"
    let user: String
    private let api: BrowserAPI
    private(set) var isOpen = true
    /// `connection_id`; nil before the login.
    private(set) var client: String?
    private(set) var resumeToken = ""
    /// Requests of the gateway's that it has not answered.
    var requests: [Request] = []
    private(set) var calls: [String: Part] = [:]
    /// The ids of `calls`, in the order in which it learned them.
    private(set) var known: [String] = []
    /// The events that it was sent: type and object.
    private(set) var events: [(type: String, object: String, body: JSONValue)] = []
    /// Its requests without a response.
    private(set) var open: [Int: Sent] = [:]
    /// Those without a response when the connection broke: one that resumes gets it.
    private var unanswered: [Int: Sent] = [:]
    /// The responses that it got, by the request's number: nil for ok, else the error's code.
    private(set) var responses: [Int: (code: Int?, data: JSONValue)] = [:]
    var violations: [String] = []
    private var last = 0

    init(_ user: String, number: UInt64, api: BrowserAPI, password: String = "secret", resuming former: StandInBrowser? = nil) {
        id = number
        self.user = user
        self.api = api
        api.opened(self)
        guard let former else {
            send("core", "login", ["user": .string(user), "password": .string(password)])
            return
        }
        calls = former.calls
        known = former.known
        requests = former.requests
        last = former.last
        open = former.unanswered
        send("core", "resume", ["resume_token": .string(former.resumeToken)])
    }

    // MARK: The page

    /// Sends a request of class `media`.
    ///
    /// - Parameter isForeign: Whether the client has no right to it: then it may not succeed.
    @discardableResult
    func request(_ command: String, _ data: JSONValue, isForeign: Bool = false) -> Int { send("media", command, data, isForeign: isForeign) }

    /// Wants all events of its user's calls and sessions.
    func subscribe() { send("core", "subscribe", ["class": "media"]) }

    @discardableResult
    private func send(_ group: String, _ command: String, _ data: JSONValue, isForeign: Bool = false) -> Int {
        last += 1
        guard isOpen else { return last }
        open[last] = Sent(command: command, object: (data["call_id"] ?? data["session_id"])?.stringValue, isForeign: isForeign)
        let message: JSONValue = ["class": .string(group), "cmd": .string(command), "tid": .integer(last), "data": data]
        api.received(message.text, on: self)
        return last
    }

    /// Answers a request of the gateway's.
    func respond(to request: Request, _ data: JSONValue, code: Int? = nil) {
        requests.removeAll { $0.tid == request.tid }
        if request.command == "call_invite", code != nil, let call = request.call { calls[call]?.hasLeft = true }
        guard isOpen else { return }
        let message: JSONValue =
            if let code {
                ["result": "error", "tid": .integer(request.tid), "data": ["code": .integer(code), "error": "no"]]
            } else {
                ["result": "ok", "tid": .integer(request.tid), "data": data]
            }
        api.received(message.text, on: self)
    }

    func logOut() { send("core", "logout", [:]) }

    /// The connection breaks.
    func disconnect() {
        guard isOpen else { return }
        isOpen = false
        if client != nil { (unanswered, open) = (open, [:]) }
        api.closed(self)
    }

    // MARK: The gateway

    func close(code: Int, reason: String) {
        guard isOpen else { return }
        isOpen = false
        LoopActor.task { [self] in api.closed(self) }
    }

    func send(_ text: String) {
        guard isOpen, let message = try? JSONValue(parsing: text) else { return violations.append("no JSON, or after the close: \(text)") }
        if let result = message["result"]?.stringValue { return receive(result, message) }
        guard message["ack"] == nil, let command = message["cmd"]?.stringValue, let data = message["data"] else { return }
        command == "event" ? receive(event: data) : receive(command, message["tid"]?.intValue ?? 0, data)
    }

    private func receive(_ result: String, _ message: JSONValue) {
        let tid = message["tid"]?.intValue ?? 0, data = message["data"] ?? [:], code = data["code"]?.intValue
        guard let request = open.removeValue(forKey: tid) else {
            return violations.append("a second response to request \(tid): \(message.text)")
        }
        let command = request.command
        responses[tid] = (result == "ok" ? nil : code ?? 0, data)
        if request.isForeign, result == "ok" { violations.append("\(command) of a client without the right succeeded") }
        if code == APIError.Code.internalError.rawValue { violations.append("\(command) was let go of without an answer") }
        guard result == "ok" else {
            // It came too late: its client is gone, and what that waited for.
            if command == "resume" { (open, calls, known, requests) = ([:], [:], [], []) }
            return
        }
        switch command {
        case "login", "resume":
            client = data["connection_id"]?.stringValue
            resumeToken = data["resume_token"]?.stringValue ?? ""
        case "start_call":
            learn(data["call_id"]?.stringValue ?? "", Part(session: data["session_id"]?.stringValue ?? "", isCaller: true))
        case "hangup_call", "reject_call", "stop_session":
            for (call, part) in calls where call == request.object || part.session == request.object { calls[call]?.hasLeft = true }
        case "logout": client = nil
        default: break
        }
    }

    private func learn(_ call: String, _ part: Part) {
        guard calls[call] == nil else { return }
        calls[call] = part
        known.append(call)
    }

    private func receive(_ command: String, _ tid: Int, _ data: JSONValue) {
        requests.append(Request(tid: tid, command: command, data: data))
        guard command == "call_invite", let call = data["call_id"]?.stringValue else { return }
        learn(call, Part(session: data["session_id"]?.stringValue ?? "", isCaller: false))
    }

    private func receive(event data: JSONValue) {
        let type = data["type"]?.stringValue ?? "", object = data["obj_id"]?.stringValue ?? "", body = data["body"] ?? [:]
        events.append((type, object, body))
        guard calls[object] != nil else { return }
        if calls[object]?.ends.isEmpty == false { violations.append("\(type) of a call after its end, \(calls[object]?.ends ?? [])") }
        switch type {
        case "hangup", "answered_elsewhere": calls[object]?.ends.append(type)
        case "answer": if body["early"] == nil { calls[object]?.isAnswered = true }
        default: break
        }
        if let session = body["session_id"]?.stringValue { calls[object]?.session = session }
    }
}

/// A connection on which nothing arrives any more that the gateway sends.
@LoopActor
final class LostConnection: BrowserTransport {
    let id: UInt64
    let remoteAddress = "203.0.113.77:4000"

    init(number: UInt64) { id = number }

    func send(_: String) {}
    func close(code _: Int, reason _: String) {}
}

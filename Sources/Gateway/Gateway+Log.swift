internal import BrowserAPI
internal import Diagnosis
internal import EventLoop
internal import JSON
internal import Logging

extension Gateway {
    /// `get_log` and `set_log`: what is logged, and changes of it while the gateway runs.
    func addLogCommands(to commands: AdminCommands) {
        let (output, messages, log) = (logOutput, sipMessages, log)
        commands["get_log"] = { _ throws(APIError) in output.state(messages) }
        commands["set_log"] = { fields throws(APIError) in
            let change = try LogChange(fields)
            output.apply(change)
            if let sip = change.sip { messages.isOn = sip }
            log.notice("the log is changed", metadata: [
                "level": "\(output.level)", "filter": "\(output.filter.map { "\($0.subject)" } ?? "none")",
                "seconds": "\(output.filter.map { "\($0.seconds)" } ?? "0")", "sip": "\(messages.isOn)",
            ])
            return output.state(messages)
        }
    }
}

/// What `set_log` asks for.
struct LogChange: Equatable {
    /// How long a filter lasts where nothing is said, and at most.
    static let usualTime = 600, longestTime = 3_600

    /// Nil leaves it as it is.
    var level: Logger.Level?
    /// Nil leaves the filter as it is, unless ``seconds`` is 0.
    var subject: LogFilter.Subject?
    /// 0 ends the filter.
    var seconds = usualTime
    /// Whether SIP messages are written; nil leaves it as it is.
    var sip: Bool?

    init(_ fields: Fields) throws(APIError) {
        if let name = try fields.optionalText("level", bytes: 1...16) {
            guard let level = Logger.Level(rawValue: name) else {
                throw APIError(.invalidField, "`level` must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            self.level = level
        }
        let call = try fields.optionalText("call_id", bytes: 1...128), user = try fields.optionalText("user", bytes: 1...256)
        guard call == nil || user == nil else { throw APIError(.invalidField, "`user` and `call_id`: one of them") }
        subject = call.map { .call($0) } ?? user.map { .user($0) }
        seconds = try fields.optionalInteger("seconds", in: 0...LogChange.longestTime) ?? LogChange.usualTime
        sip = try fields.optionalFlag("sip")
    }
}

extension LogOutput {
    func apply(_ change: LogChange) {
        if let level = change.level { self.level = level }
        if change.seconds == 0 {
            show(nil)
        } else if let subject = change.subject {
            show(subject, for: .seconds(change.seconds))
        }
    }

    /// What is logged, as `get_log` and `set_log` answer.
    @LoopActor func state(_ messages: SIPMessageLog) -> JSONValue {
        var state: [String: JSONValue] = ["level": .string(level.rawValue), "sip": .bool(messages.isOn)]
        if let filter {
            state["filter"] =
                switch filter.subject {
                case .call(let id): ["call_id": .string(id), "seconds": .integer(filter.seconds)]
                case .user(let name): ["user": .string(name), "seconds": .integer(filter.seconds)]
                }
        }
        return .object(state)
    }
}

extension LogFilter {
    /// The time that it has left.
    fileprivate var seconds: Int { Int(clamping: ContinuousClock.now.duration(to: until).components.seconds) }
}

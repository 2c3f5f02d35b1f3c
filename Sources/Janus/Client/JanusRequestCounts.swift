internal import CoreMetrics
internal import EventLoop
internal import JSON

/// How long Janus takes to answer, and what it answers with an error, by request: the metrics `tern_janus_request_seconds` and
/// `tern_janus_errors_total`.
@LoopActor
enum JanusRequestCounts {
    private static var kinds: [String: (times: Timer, errors: Counter)] = [:]

    /// What a message asks for: of those to the plugin the plugin's request, else Janus' own.
    static func name(of message: [String: JSONValue]) -> String {
        let name = message["janus"]?.stringValue ?? message["admin"]?.stringValue ?? ""
        return name == "message" ? message["body"]?["request"]?.stringValue ?? name : name
    }

    static func note(_ name: String, took duration: Duration, isAnswered: Bool) {
        let kind = kinds[name] ?? {
            let dimensions = [("request", name)]
            let made = (
                times: Timer(label: "tern_janus_request_seconds", dimensions: dimensions),
                errors: Counter(label: "tern_janus_errors_total", dimensions: dimensions))
            kinds[name] = made
            return made
        }()
        let (seconds, attoseconds) = duration.components
        kind.times.recordNanoseconds(min(seconds, 86_400) * 1_000_000_000 + attoseconds / 1_000_000_000)
        if !isAnswered { kind.errors.increment() }
    }
}

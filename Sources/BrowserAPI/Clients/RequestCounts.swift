internal import CoreMetrics
internal import EventLoop

/// Counts the requests of clients by command and code: the metric `tern_api_requests_total`.
@LoopActor
enum RequestCounts {
    private struct Key: Hashable {
        let command: String
        /// 0 for success.
        let code: Int
    }

    /// The commands of class `core`; `ping` is not counted.
    private static let core: Set<String> = ["login", "resume", "logout", "subscribe", "unsubscribe"]

    /// Those of class `admin`.
    static var admin: Set<String> = []

    private static var counters: [Key: Counter] = [:]

    /// A command that there is not counts as `other`: its name is whatever a client likes.
    static func note(_ command: String, code: Int) {
        let isKnown = BrowserCommand.names.contains(command) || core.contains(command) || admin.contains(command)
        // A client's own codes, which an answer may hand on, are counted as one.
        let known = code == 0 || APIError.Code(rawValue: code) != nil ? code : -1
        let key = Key(command: isKnown ? command : "other", code: known)
        if let counter = counters[key] { return counter.increment() }
        let counter = Counter(
            label: "tern_api_requests_total", dimensions: [("command", key.command), ("code", known < 0 ? "other" : String(known))])
        counters[key] = counter
        counter.increment()
    }
}

public import Logging

/// What is shown of the log beyond its level, for a while: every line of one call, or of one user.
public struct LogFilter: Sendable {
    public enum Subject: Sendable, Hashable, CustomStringConvertible {
        /// By the id that its lines have as `call`.
        case call(String)
        /// The lines that name the user, and those of the calls that such lines name.
        case user(String)

        public var description: String {
            switch self {
            case .call(let id): "call \(id)"
            case .user(let name): "user \(name)"
            }
        }
    }

    /// The least level of the lines.
    public static let level = Logger.Level.debug
    /// The fields of a line that name a user.
    private static let names = ["user", "from", "to", "source", "answered_by", "routed_to", "for", "by"]
    /// Calls of a user that are remembered.
    private static let mostCalls = 200

    public let subject: Subject
    public let until: ContinuousClock.Instant
    private var calls: Set<String>

    init(_ subject: Subject, until: ContinuousClock.Instant) {
        self.subject = subject
        self.until = until
        calls = if case .call(let id) = subject { [id] } else { [] }
    }

    /// Whether a line with these fields is to be shown.
    mutating func admits(_ fields: [LogEntry.Field]) -> Bool {
        func text(of key: String) -> String? { fields.first { $0.key == key }.map { LogFilter.text($0.value) } }
        let call = text(of: "call")
        if let call, calls.contains(call) { return true }
        guard case .user(let name) = subject else { return false }
        let isNamed = LogFilter.names.contains { key in
            guard let text = text(of: key) else { return false }
            return text == name || text == "user \(name)"
        }
        if isNamed, let call, calls.count < LogFilter.mostCalls { calls.insert(call) }
        return isNamed
    }

    private static func text(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): text
        case .stringConvertible(let other): other.description
        case .array, .dictionary: ""
        }
    }
}

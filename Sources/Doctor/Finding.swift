public import JSON

/// What a check has found, and what to do about it.
public struct Finding: Sendable, Equatable {
    /// How much it matters.
    public enum Severity: String, Sendable, Comparable {
        /// As it should be.
        case good
        /// It could not be looked at, or matters to few.
        case note
        /// Something works worse than it could, or will fail one day.
        case warning
        /// Calls fail.
        case fault

        public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }
        private var rank: Int { [.good: 0, .note: 1, .warning: 2, .fault: 3][self] ?? 0 }
    }

    public let severity: Severity
    /// What was looked at, in a word or two.
    public let subject: String
    public let text: String
    /// What to do; nil where there is nothing to do.
    public let remedy: String?

    public init(_ severity: Severity, _ subject: String, _ text: String, remedy: String? = nil) {
        (self.severity, self.subject, self.text, self.remedy) = (severity, subject, text, remedy)
    }

    /// `warning  certificate  ends in 3 days`, and the remedy in a line of its own.
    public var lines: [String] {
        func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
        let first = padded(severity.rawValue, 9) + padded(subject, 15) + text
        return [first] + (remedy.map { [String(repeating: " ", count: 24) + "-> " + $0] } ?? [])
    }

    public var json: JSONValue {
        ["severity": .string(severity.rawValue), "subject": .string(subject), "text": .string(text), "remedy": remedy.map(JSONValue.string) ?? .null]
    }
}

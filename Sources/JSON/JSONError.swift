/// Why a text is no JSON that this program accepts, and where.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Line of the fault, from 1; 0 when the text as a whole is at fault.
    public let line: Int
    /// Column of the fault in characters, from 1; 0 when the text as a whole is at fault.
    public let column: Int
    /// What is wrong, in words; at most a few of the text's own characters are quoted.
    public let reason: String

    public init(line: Int, column: Int, reason: String) {
        self.line = line
        self.column = column
        self.reason = reason
    }

    public var description: String {
        line == 0 ? reason : "line \(line), column \(column): \(reason)"
    }
}

internal import Cryptography

/// A password or key: prints as `…`, so that neither a log line nor a dump of the configuration shows it.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself, for those who must send it.
    public let value: String

    public init(_ value: String) {
        self.value = value
    }

    public var description: String { "…" }
    public var debugDescription: String { "…" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Whether `candidate` is the secret. How long that takes says nothing of the secret but its length, so that guessing cannot
    /// be steered by a stopwatch.
    public func matches(_ candidate: String) -> Bool { ConstantTime.areEqual(Array(value.utf8), Array(candidate.utf8)) }
}

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

    /// Whether `candidate` is the secret. The time taken depends on the length of the candidate only, so that guessing
    /// cannot be steered by a stopwatch.
    public func matches(_ candidate: String) -> Bool {
        let secret = Array(value.utf8)
        var difference = secret.count == candidate.utf8.count ? UInt8(0) : 1
        var index = 0
        for byte in candidate.utf8 {
            difference |= secret.isEmpty ? 1 : byte ^ secret[index % secret.count]
            index &+= 1
        }
        return difference == 0
    }
}

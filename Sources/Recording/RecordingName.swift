/// The name of a recording: its session's id, a lower-case UUID, and from the second one on `-2`, `-3` …
///
/// Nothing else can become part of a path.
public struct RecordingName: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 5 || parts.count == 6, parts.prefix(5).map(\.utf8.count) == [8, 4, 4, 4, 12],
            parts.prefix(5).allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } })
        else { return nil }
        if parts.count == 6 {
            guard parts[5].utf8.count <= 9, parts[5].utf8.allSatisfy({ (48...57).contains($0) }), !parts[5].isEmpty else { return nil }
        }
        description = text
    }

    /// The session's id.
    public var session: String { String(description.prefix(36)) }
}

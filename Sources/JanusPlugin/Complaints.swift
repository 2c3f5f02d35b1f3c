internal import CJanusPlugin

/// The warnings of the engine in Janus' log: one in ten seconds at most, as their cause may last. Under ``Legs``' lock.
final class Complaints: @unchecked Sendable {
    static let shared = Complaints()

    /// Microseconds.
    private static let interval: Int64 = 10_000_000

    private var last: Int64?

    private init() {}

    func warn(_ text: String) {
        let now = Clock.now()
        if let last, now &- last < Complaints.interval { return }
        last = now
        tern_warn(text)
    }
}

/// What is not stored yet, and when to try again. Pure.
struct StoreBacklog {
    enum Work: Equatable {
        /// Numbers of bindings that have changed or are gone, each with its user.
        case changes([Int64: String])
        case everything
    }

    /// More changes than these are not listed: then everything is written.
    static let most = 10_000
    static let longestWait = Duration.seconds(60)

    private var waiting: Work = .changes([:])
    private(set) var isWriting = false
    /// How long to wait after the next failure.
    private var wait = Duration.seconds(1)
    private(set) var hasFailed = false

    var isEmpty: Bool { waiting == .changes([:]) && !isWriting }

    /// How many bindings wait to be written; nil where all do.
    var count: Int? { if case .changes(let numbers) = waiting { numbers.count } else { nil } }

    mutating func note(_ changes: [BindingChange]) {
        guard case .changes(var numbers) = waiting else { return }
        // Held twice, the dictionary would be copied for each change.
        waiting = .everything
        for change in changes { numbers[change.binding.id] = change.binding.user }
        if numbers.count <= StoreBacklog.most { waiting = .changes(numbers) }
    }

    /// From now on the file has nothing to do with what was written before.
    mutating func noteEverything() { waiting = .everything }

    /// What to write now; nil when there is nothing, or a write is under way.
    mutating func take() -> Work? {
        guard !isWriting, waiting != .changes([:]) else { return nil }
        isWriting = true
        defer { waiting = .changes([:]) }
        return waiting
    }

    /// - Returns: Whether writes had failed before.
    mutating func succeeded() -> Bool {
        isWriting = false
        wait = .seconds(1)
        defer { hasFailed = false }
        return hasFailed
    }

    /// - Returns: When to try again, and whether writes had worked before.
    mutating func failed() -> (wait: Duration, isFirst: Bool) {
        isWriting = false
        waiting = .everything
        defer {
            hasFailed = true
            wait = min(wait * 2, StoreBacklog.longestWait)
        }
        return (wait, !hasFailed)
    }
}

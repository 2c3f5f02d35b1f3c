internal import Registrar

/// What another node has.
struct NodeContent: Sendable, Equatable {
    var record: NodeRecord
    /// By user, and by their numbers.
    private(set) var bindings: [String: [String: Binding]] = [:]
    /// Whose binding has a number.
    private var users: [String: String] = [:]
    /// The users who have a browser logged in there.
    var browsers: Set<String> = []

    init(record: NodeRecord) { self.record = record }

    /// How many bindings it has.
    var count: Int { users.count }

    mutating func set(_ binding: Binding?, id: String) {
        if let user = users[id] {
            bindings[user]?[id] = nil
            if bindings[user]?.isEmpty == true { bindings[user] = nil }
        }
        users[id] = binding?.user
        if let binding { bindings[binding.user, default: [:]][id] = binding }
    }
}

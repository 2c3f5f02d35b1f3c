internal import Configuration

// Who calls, as one node tells another.
extension CallSource {
    /// `user:alice`, `trunk:carrier`, `anonymous`.
    var nodeText: String {
        switch self {
        case .user(let name): "user:\(name)"
        case .trunk(let name): "trunk:\(name)"
        case .anonymous: "anonymous"
        }
    }

    /// What another node's ``nodeText`` says; nobody known where it says nothing of that form.
    init(nodeText text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count) {
        case ("user", 2): self = .user(parts[1])
        case ("trunk", 2): self = .trunk(parts[1])
        default: self = .anonymous
        }
    }
}

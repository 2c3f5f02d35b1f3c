/// Who a client logged in as.
public struct BrowserUser: Sendable, Hashable {
    public let name: String
    /// What those whom the user calls see; nil where the name alone is known.
    public let displayName: String?
    /// Whether what others own can be subscribed to, listed and touched.
    public let isAdmin: Bool

    public init(name: String, displayName: String? = nil, isAdmin: Bool = false) {
        self.name = name
        self.displayName = displayName
        self.isAdmin = isAdmin
    }
}

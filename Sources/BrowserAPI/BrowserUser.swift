/// Who a client logged in as.
public struct BrowserUser: Sendable, Hashable {
    public let name: String
    /// Whether what others own can be subscribed to, listed and touched.
    public let isAdmin: Bool

    public init(name: String, isAdmin: Bool = false) {
        self.name = name
        self.isAdmin = isAdmin
    }
}

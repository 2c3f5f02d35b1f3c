/// A GET or HEAD that came to a ``WebSocketServer``.
public struct HTTPRequest: Sendable, Equatable {
    public enum Method: String, Sendable { case get = "GET", head = "HEAD" }

    public var method: Method
    /// Percent-decoded and without `.` and `..` segments; begins with a slash.
    public var path: String
    /// What follows the question mark, percent-decoded; empty if there was none.
    public var query: String
    /// Names in lower case. Of what was sent: host, origin, user-agent, accept, accept-language, if-none-match,
    /// if-modified-since, authorization, cookie, referer, via, x-forwarded-for.
    public var headers: [String: String]
    /// The client's `address:port`.
    public var remoteAddress: String

    public init(
        method: Method, path: String, query: String = "", headers: [String: String] = [:], remoteAddress: String = ""
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.remoteAddress = remoteAddress
    }
}

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

/// The answer to an ``HTTPRequest``, with its whole body in memory.
///
/// The server adds `Content-Length` and `Connection`, leaves the body out for HEAD, and sends it as fast as the client reads.
public struct HTTPResponse: Sendable, Equatable {
    public struct Header: Sendable, Equatable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }

        /// Whether it can be sent without becoming another header.
        var isValid: Bool {
            !name.isEmpty
                && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
                && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        }
    }

    public var status: Int
    public var contentType: String
    /// Further headers, as for caching and for the browser's security policies. All of them fit 12 KiB.
    public var headers: [Header]
    public var body: [UInt8]
    /// Whether pages of the origins that may open a WebSocket may read it as well (CORS): the server adds the headers.
    public var isForAllowedOrigins: Bool
    /// The body in place of ``body``, where it is a file.
    public var file: HTTPFile?
    /// Bytes of the body.
    var length: Int { file?.size ?? body.count }

    public init(status: Int = 200, contentType: String, headers: [Header] = [], body: [UInt8], isForAllowedOrigins: Bool = false) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = body
        self.isForAllowedOrigins = isForAllowedOrigins
    }

    /// A plain text of one line.
    public init(status: Int, text: String, headers: [Header] = []) {
        self.init(
            status: status, contentType: "text/plain; charset=utf-8", headers: headers, body: Array((text + "\n").utf8))
    }
}

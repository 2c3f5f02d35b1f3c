/// Where Janus is and how to talk to it.
public struct JanusClientConfiguration: Sendable {
    /// `ws://host:port/path` of the WebSocket transport.
    public var url: String
    /// Sent with each request when Janus demands one.
    public var apiSecret: String?
    /// The plugin that Janus must have before it counts as ready; `nil` for any Janus.
    public var engine: EngineVersion?
    /// Time for an answer to any one request.
    public var requestTimeout: Duration
    /// Between keepalives of the session, which Janus ends after 60 s of silence; an unanswered one ends the connection.
    public var keepaliveInterval: Duration
    /// Before the second attempt to connect; doubled with each further one.
    public var firstRetry: Duration
    /// Longest wait between attempts to connect.
    public var longestRetry: Duration
    /// Most requests that may wait for an answer.
    public var maximumPending: Int

    public init(
        url: String, apiSecret: String? = nil, engine: EngineVersion? = nil, requestTimeout: Duration = .seconds(5), keepaliveInterval: Duration = .seconds(25),
        firstRetry: Duration = .milliseconds(100), longestRetry: Duration = .seconds(5), maximumPending: Int = 10_000
    ) {
        self.url = url
        self.apiSecret = apiSecret
        self.engine = engine
        self.requestTimeout = requestTimeout
        self.keepaliveInterval = keepaliveInterval
        self.firstRetry = firstRetry
        self.longestRetry = longestRetry
        self.maximumPending = maximumPending
    }
}

/// Where Janus is and how to talk to it.
public struct JanusClientConfiguration: Sendable {
    /// What the log calls this Janus; `nil` where there is no other one.
    public var name: String?
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
        name: String? = nil, url: String, apiSecret: String? = nil, engine: EngineVersion? = nil, requestTimeout: Duration = .seconds(5), keepaliveInterval: Duration = .seconds(25),
        firstRetry: Duration = .milliseconds(100), longestRetry: Duration = .seconds(5), maximumPending: Int = 10_000
    ) {
        self.name = name
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

/// How a client stands with its Janus.
public enum JanusState: Sendable, Equatable {
    /// No connection, and none in the making; while the client runs it tries again after a while.
    case down(reason: String)
    case connecting
    /// There is a session: handles can be attached.
    case ready
}

/// Why something that was asked of Janus did not happen.
public enum JanusError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no session with a Janus at the moment; the text says why.
    case notReady(String)
    /// Janus or the connection to it died before it answered, and the handle with it.
    case lost
    /// The handle was detached before.
    case detached
    /// Janus did not answer in time.
    ///
    /// Janus is silent, among others, when a plugin's own description does not survive its core's parser.
    case timeout
    /// The task that asked was cancelled.
    case cancelled
    /// Too many requests wait for an answer.
    case overloaded
    /// Janus refused the request itself; codes as in its `apierror.h`.
    case refused(code: Int, reason: String)
    /// The plugin refused; codes as in the plugin's source.
    case plugin(code: Int, reason: String)
    /// Janus answered something that makes no sense.
    case malformed(String)
    /// Janus runs without Tern's plugin, or with another one than this gateway's; the text says what to do.
    case unusable(String)
    /// The request cannot be right: it was not sent.
    case invalid(String)

    public var description: String {
        switch self {
        case .notReady(let reason): "Janus is not ready: \(reason)"
        case .lost: "the connection to Janus was lost"
        case .detached: "the Janus handle was detached"
        case .timeout: "Janus did not answer in time"
        case .cancelled: "the request to Janus was cancelled"
        case .overloaded: "too many requests wait for Janus"
        // JANUS_ERROR_UNKNOWN, with the words of janus.c.
        case .refused(490, "Error setting ICE locally"):
            "Janus could not set up ICE: the usual cause is a machine with no address but loopback, which ICE ignores; give it a network interface with an address"
        case .refused(let code, let reason): "Janus refused: \(reason) (\(code))"
        case .plugin(let code, let reason): "Janus' plugin refused: \(reason) (\(code))"
        case .malformed(let reason): "Janus answered what cannot be understood: \(reason)"
        case .unusable(let reason): reason
        case .invalid(let reason): "not sent to Janus: \(reason)"
        }
    }
}

/// Times and bounds of the browser API; the defaults serve production.
public struct BrowserAPIConfiguration: Sendable {
    /// How long a client outlives its connection, waiting for `resume`.
    public var graceTime: Duration = .seconds(10)
    /// How long an answer may take before an ack says that it is coming.
    public var ackDelay: Duration = .seconds(1)
    /// How long a connection may stay without a login.
    public var loginTime: Duration = .seconds(300)
    /// Failed logins and resumes after which a connection is closed with 1008.
    public var failedLoginLimit = 5
    /// Wrong passwords of one user from one address within a minute, on whatever connections, after which none is looked at until
    /// the minute is over.
    public var wrongPasswordLimit = 20
    /// Delay of the answer to the first wrong password; it doubles with each further one.
    public var failedLoginDelay: Duration = .milliseconds(250)
    /// Longest that a request of ours may take after the client acknowledged it.
    public var acknowledgedRequestTime: Duration = .seconds(180)

    /// Clients at once, those that wait for `resume` included.
    public var maximumClients = 10_000
    /// Clients of one user at once.
    public var maximumClientsPerUser = 100
    /// Subscriptions of one client.
    public var maximumSubscriptions = 256
    /// Requests of a client that are not answered yet.
    public var maximumOpenRequests = 256
    /// Requests to a client that are not answered yet.
    public var maximumRequestsToClient = 256
    /// Messages kept for a client that waits for `resume`; with one more it ends.
    public var maximumKeptMessages = 1_000
    /// Their bytes in all.
    public var maximumKeptBytes = 1 << 20
    /// Messages a second that a connection may send in the long run; beyond them it is closed with 1008.
    public var messagesPerSecond = 1_000
    /// Messages that it may send at once.
    public var messageBurst = 2_000

    public init() {}
}

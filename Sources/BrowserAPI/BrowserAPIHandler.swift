public import EventLoop

/// What the browser API serves: the gateway behind it.
@LoopActor
public protocol BrowserAPIHandler: AnyObject {
    /// The user with these credentials, or none. Comparing in constant time is the implementer's.
    func authenticate(user: String, password: String) -> BrowserUser?

    /// The user with this token; without an implementation no token is valid. What the connection sends meanwhile waits.
    /// - Throws: `wrongCredentials`, with a text that helps nobody to guess.
    func authenticate(token: String) async throws(APIError) -> BrowserUser

    /// Does what a client asks. `reply` is answered once, now or later.
    func perform(_ command: BrowserCommand, from client: BrowserClient, reply: BrowserReply)

    /// The client is gone for good: it logged out, did not resume in time, or more was kept for it than may be. Called
    /// once a client, and never from within a call of the handler's own but ``BrowserAPI/stop()``.
    func ended(_ client: BrowserClient)

    /// The ids of the client's sessions and calls that are still there; the answer to `resume` carries them.
    func alive(of client: BrowserClient) -> (sessions: [String], calls: [String])

    /// The client goes on with a new connection, and has been sent what was kept for it.
    func resumed(_ client: BrowserClient)

    /// The users who own the session or call, or nothing when there is none with this id.
    func owners(of objID: String) -> Set<String>?
}

extension BrowserAPIHandler {
    public func authenticate(token: String) async throws(APIError) -> BrowserUser { throw .invalidToken }

    public func resumed(_ client: BrowserClient) {}
}

internal import EventLoop

/// What a server or proxy asks for before it serves a request (RFC 3261 section 22).
public struct SIPChallenge: Hashable, Sendable {
    /// 401 of a server, 407 of a proxy.
    public var status: Int
    public var method: String
    /// As it stands in the request line.
    public var requestURI: String
    /// The WWW-Authenticate values of a 401, the Proxy-Authenticate values of a 407, in their order: `Digest realm="…", …`.
    ///
    /// At most ``most``, each with at most 32 parameters of 1,024 bytes.
    public var values: [String]
    /// 1 for the first challenge of the request.
    public var attempt: Int

    /// More challenges than this in one response are not looked at.
    public static let most = 8

    public init(status: Int, method: String, requestURI: String, values: [String], attempt: Int) {
        self.status = status
        self.method = method
        self.requestURI = requestURI
        self.values = values
        self.attempt = attempt
    }
}

/// Answers a challenge with the value of the Authorization or Proxy-Authorization header, `Digest …`; nil gives up, and the
/// request has failed with the challenge's status. It is asked at most twice for one request.
public typealias SIPAuthorizer = @LoopActor @Sendable (SIPChallenge) -> String?

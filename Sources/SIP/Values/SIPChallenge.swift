internal import EventLoop

/// What a server or proxy asks for before it serves a request (RFC 3261 section 22).
public struct SIPChallenge: Hashable, Sendable {
    /// 401 of a server, 407 of a proxy.
    public var status: Int
    public var method: String
    /// As it stands in the request line.
    public var requestURI: String
    /// The WWW-Authenticate values of a 401, the Proxy-Authenticate values of a 407, of one realm, in their order: `Digest realm="…", …`. Those
    /// that refuse what was answered before are left out.
    ///
    /// At most ``most``, each with at most 32 parameters of 1,024 bytes.
    public var values: [String]
    /// 1 for the first 401 or 407 to the request.
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

/// Answers the challenges of one realm with the value of the Authorization or Proxy-Authorization header, `Digest …`; nil has nothing for it, and
/// where no realm is answered the request has failed with the challenge's status. Of one request a realm is asked for at most twice, the second time
/// for another or a stale nonce, and five responses with challenges are answered.
public typealias SIPAuthorizer = @LoopActor @Sendable (SIPChallenge) -> String?

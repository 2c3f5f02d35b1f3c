public import Configuration
internal import Routing
public import SDP

/// What the operator chooses about calls, as far as admission, plans and the switchboard need it.
public struct CallSettings: Sendable {
    /// Key `sip.domain`: the host of our users' addresses.
    public var domain: String
    public var srtp: SRTPPolicy
    /// Sessions that there may be at a time; strangers have half of them.
    public var maximumCalls: Int
    public var sessionsPerUser: Int
    public var ringTimeout: Duration
    /// nil: as long as they like.
    public var maximumDuration: Duration?
    /// Whether users may call URIs of other domains.
    public var allowsDirectURIs: Bool
    /// Whether a redirection of a user's phone is followed; else it is passed on to the caller.
    public var followsRedirections: Bool
    /// Whether there is a SIP listener with TLS.
    public var hasTLS: Bool
    /// The display names of the users, by their names.
    public var users: [String: String?]
    /// Whether a token lets in browsers of users that the configuration does not have.
    public var admitsGuests: Bool
    public var trunks: [Trunk]

    public init(
        domain: String, srtp: SRTPPolicy, maximumCalls: Int, sessionsPerUser: Int, ringTimeout: Duration, maximumDuration: Duration? = nil,
        allowsDirectURIs: Bool = true, followsRedirections: Bool = true, hasTLS: Bool = false, users: [String: String?] = [:],
        admitsGuests: Bool = false, trunks: [Trunk] = []
    ) {
        self.domain = domain
        self.srtp = srtp
        self.maximumCalls = maximumCalls
        self.sessionsPerUser = sessionsPerUser
        self.ringTimeout = ringTimeout
        self.maximumDuration = maximumDuration
        self.allowsDirectURIs = allowsDirectURIs
        self.followsRedirections = followsRedirections
        self.hasTLS = hasTLS
        self.users = users
        self.admitsGuests = admitsGuests
        self.trunks = trunks
    }

    func trunk(of source: CallSource) -> Trunk? {
        guard case .trunk(let name) = source else { return nil }
        return trunks.first { $0.name == name }
    }
}

extension CallSettings {
    init(_ configuration: GatewayConfiguration) {
        self.init(
            domain: configuration.sip.domain, srtp: configuration.sip.srtp, maximumCalls: configuration.sip.maximumCalls,
            sessionsPerUser: configuration.api.sessionsPerUser, ringTimeout: configuration.calls.ringTimeout,
            maximumDuration: configuration.calls.maximumDuration, allowsDirectURIs: configuration.calls.allowsDirectURIs,
            followsRedirections: configuration.calls.redirects == .follow,
            hasTLS: configuration.sip.listen.contains { $0.transport == .tls },
            users: Dictionary(configuration.users.map { ($0.name, $0.displayName) }) { first, _ in first },
            admitsGuests: configuration.tokens.contains(where: \.admitsUnknownUsers), trunks: configuration.trunks)
    }
}

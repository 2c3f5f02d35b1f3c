public import Authentication
public import Configuration
public import SDP
public import SIPNames

/// What the operator chooses about calls and their parties.
public struct CallSettings: Sendable {
    /// A user who may log in, call and be called.
    public struct User: Sendable, Equatable {
        public var name: String
        public var credential: Credential
        /// What a called party sees.
        public var displayName: String?
        /// Whether the user may see and touch what others own.
        public var isAdmin: Bool
        /// Whether the user's calls are recorded.
        public var isRecorded: Bool

        public init(name: String, credential: Credential, displayName: String? = nil, isAdmin: Bool = false, isRecorded: Bool = false) {
            self.name = name
            self.credential = credential
            self.displayName = displayName
            self.isAdmin = isAdmin
            self.isRecorded = isRecorded
        }
    }

    /// The host of our users' addresses.
    public var domain: String
    /// What passwords are for, shown to whoever must authenticate.
    public var realm = ""
    /// The algorithms that challenges offer.
    public var digest: [DigestAlgorithm] = [.md5]
    public var srtp = SRTPPolicy.optional
    /// Whether there is a SIP listener with TLS.
    public var hasTLS = false
    /// Sessions that there may be at a time; anonymous callers have half of them.
    public var maximumCalls = 1_000
    /// What callers may have who have proven nothing.
    public var strangers = StrangerLimits()
    /// What phones are told of where their media goes, where a NAT is before the gateway.
    public var nat: NATMapping?
    /// Addresses that no limit by address counts.
    public var exempt = ExemptAddresses.none
    public var sessionsPerUser = 200
    public var ringTimeout = Duration.seconds(60)
    /// nil: no limit.
    public var maximumDuration: Duration? = .seconds(12 * 3_600)
    /// Whether users may call URIs of other domains.
    public var allowsDirectURIs = true
    /// Whether a redirection of a user's phone is followed; else it is passed on to the caller.
    public var followsRedirections = true
    /// How many results of line tests are kept.
    public var lineTests = 200
    /// By their names.
    public private(set) var users: [String: User]
    /// Whether a token lets in browsers of users who are not among ``users``.
    public var admitsGuests = false
    public var trunks: [Trunk]

    public init(domain: String, users: [User] = [], trunks: [Trunk] = []) {
        self.domain = domain
        self.users = Dictionary(users.map { ($0.name, $0) }) { first, _ in first }
        self.trunks = trunks
    }

    /// Whether a phone whose signalling comes from there, without a proxy between, is told the gateway's own address: no NAT is between.
    func isLocal(_ address: String) -> Bool { IPAddress(address).map { nat?.isLocal($0) ?? false } ?? false }

    /// Whether all targets of a trunk are addresses in local networks.
    func isLocal(_ trunk: Trunk) -> Bool {
        guard let nat else { return false }
        return trunk.targets.allSatisfy { target in IPAddress(host: target.host).map { nat.isLocal($0) } ?? false }
    }

    func trunk(of source: CallSource) -> Trunk? {
        guard case .trunk(let name) = source else { return nil }
        return trunks.first { $0.name == name }
    }
}

/// How long a call may ring and last.
struct CallLimits {
    var ringing: Duration
    /// nil: as long as it likes.
    var duration: Duration?
}

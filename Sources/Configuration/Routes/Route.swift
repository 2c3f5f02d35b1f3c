public import SDP

/// One entry of `routes`: which calls it is for, and where they go.
public struct Route: Sendable, Equatable {
    /// Key `match`: what is dialled.
    public var pattern: RoutePattern
    /// Key `from`: who may use it.
    public var from: [RouteSource]
    /// Key `domain`: hosts of the Request-URI; empty takes all.
    public var domains: [RouteDomain]
    /// Key `rewrite`: what counts as dialled from here on; nil leaves it as it is.
    public var rewrite: RouteTemplate?
    /// Key `to`: tried in this order, 1 to 8.
    public var targets: [RouteTarget]
    /// Key `srtp`: whether media of its `trunk` and `sip` targets is SRTP; nil leaves it to the trunk, or to `sip.srtp`.
    public var srtp: SRTPPolicy?
    /// Key `record`: whether calls that take it are recorded, from their answer on.
    public var isRecorded: Bool

    /// - Parameter from: Nil is the default: anyone, but with a `trunk` or `sip` target users and trunks only.
    public init(
        _ pattern: RoutePattern, to targets: [RouteTarget], from: [RouteSource]? = nil, domains: [RouteDomain] = [],
        rewrite: RouteTemplate? = nil, srtp: SRTPPolicy? = nil, isRecorded: Bool = false
    ) {
        self.pattern = pattern
        self.targets = targets
        self.from = from ?? RouteSource.defaults(for: targets)
        self.domains = domains
        self.rewrite = rewrite
        self.srtp = srtp
        self.isRecorded = isRecorded
    }

    /// Whether this decides every call that would be `other`'s, as far as that can be told by looking.
    func covers(_ other: Route) -> Bool {
        pattern.covers(other.pattern) && targets.contains(where: \.isAlwaysThere)
            && other.from.allSatisfy(admitsAll)
            && (domains.isEmpty
                || (!other.domains.isEmpty && other.domains.allSatisfy { theirs in domains.contains { $0.covers(theirs) } }))
    }

    private func admitsAll(of source: RouteSource) -> Bool {
        switch source {
        case .anyone: from.contains(.anyone) || Set(from).isSuperset(of: [.anonymous, .anyUser, .anyTrunk])
        default: from.contains { $0.covers(source) }
        }
    }
}

/// One entry of `domain`: hosts of the Request-URI.
public enum RouteDomain: Sendable, Hashable, CustomStringConvertible {
    /// `example.org`: exactly this host.
    case exact(String)
    /// `*.example.org`: every host below it; holds `.example.org`.
    case below(String)

    /// - Parameter host: In any case, as host names are compared without it (RFC 3261 section 19.1.4).
    public func matches(_ host: String) -> Bool {
        let host = RouteDomain.canonical(host)
        return switch self {
        case .exact(let name): host == name
        case .below(let suffix): host.hasSuffix(suffix) && host.utf8.count > suffix.utf8.count
        }
    }

    func covers(_ other: RouteDomain) -> Bool {
        switch (self, other) {
        case (.below, .exact(let name)): matches(name)
        case (.below(let mine), .below(let theirs)): theirs.hasSuffix(mine)
        default: self == other
        }
    }

    public var description: String {
        switch self {
        case .exact(let name): name
        case .below(let suffix): "*\(suffix)"
        }
    }

    /// Lower case, without the dot of the root and the brackets of an IPv6 address.
    public static func canonical(_ host: String) -> String {
        var host = host.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host.hasSuffix(".") { host.removeLast() }
        return host
    }
}

/// One entry of `to`: where a route leads.
public enum RouteTarget: Sendable, Equatable {
    /// `echo`: the caller hears and sees itself.
    case echo
    /// `user`: the user with the dialled name (nil); `user NAME`: that one.
    case user(String?)
    /// `trunk NAME [DIALLED]`: by that trunk, which dials what was dialled (nil), or what the template makes of it.
    case trunk(String, dialled: RouteTemplate?)
    /// `sip URI`: a `sip:` or `sips:` URI, in whose user part the placeholders stand.
    case sip(RouteTemplate)
    /// `reject CODE [PHRASE]`: a final response, 400 to 699.
    case reject(Int, phrase: String?)

    /// Whether calls go where they may cost money or pass for somebody.
    var leavesTheGateway: Bool {
        switch self {
        case .trunk, .sip: true
        case .echo, .user, .reject: false
        }
    }

    /// Whether it is there whoever calls and whatever is dialled: a dialled name may be nobody's, and no call goes back to the
    /// trunk that it came by.
    var isAlwaysThere: Bool {
        switch self {
        case .user(nil), .trunk: false
        case .echo, .user, .sip, .reject: true
        }
    }

    /// Its templates, which may name groups of the pattern.
    var template: RouteTemplate? {
        switch self {
        case .trunk(_, let dialled): dialled
        case .sip(let uri): uri
        case .echo, .user, .reject: nil
        }
    }
}

extension RouteTarget: CustomStringConvertible {
    /// As in the configuration.
    public var description: String {
        switch self {
        case .echo: "echo"
        case .user(let name): name.map { "user \($0)" } ?? "user"
        case .trunk(let name, let dialled): "trunk \(name)" + (dialled.map { " \($0)" } ?? "")
        case .sip(let uri): "sip \(uri)"
        case .reject(let status, let phrase): "reject \(status)" + (phrase.map { " \($0)" } ?? "")
        }
    }
}

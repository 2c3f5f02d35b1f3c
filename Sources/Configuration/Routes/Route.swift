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

    /// - Parameter from: Nil is the default: anyone, but with a `trunk` or `sip` target users and trunks only.
    public init(
        _ pattern: RoutePattern, to targets: [RouteTarget], from: [RouteSource]? = nil, domains: [RouteDomain] = [],
        rewrite: RouteTemplate? = nil, srtp: SRTPPolicy? = nil
    ) {
        self.pattern = pattern
        self.targets = targets
        self.from = from ?? RouteSource.defaults(for: targets)
        self.domains = domains
        self.rewrite = rewrite
        self.srtp = srtp
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

public import ProxyCore

/// One entry of `routes`: what is done with a call to the users that the pattern matches.
public struct Route: Sendable, Equatable {
    /// Key `match`.
    public var pattern: RoutePattern
    /// Keys `action`, `user`, `target`.
    public var action: RouteAction
    /// Key `srtp` of a `sip` route: whether media of its target is SRTP; nil leaves it to `sip.srtp`.
    public var srtp: SRTPPolicy?

    public init(pattern: RoutePattern, action: RouteAction, srtp: SRTPPolicy? = nil) {
        self.pattern = pattern
        self.action = action
        self.srtp = srtp
    }
}

/// What a route does.
public enum RouteAction: Sendable, Equatable {
    /// `action: echo`: the caller hears and sees itself.
    case echo
    /// `action: user`: the user with the dialled name (nil), or the one that key `user` names.
    case user(String?)
    /// `action: sip`: the URI of key `target`, in whose user part `{user}` stands for the dialled user.
    case sip(target: String)
}

/// Where a dialled user leads, after the routes have been asked.
public enum RouteDestination: Sendable, Equatable {
    case echo
    /// A user of the configuration, by name.
    case user(GatewayConfiguration.User)
    /// A SIP URI, ready to be called. `srtp` is the route's own choice; nil leaves it to `sip.srtp`.
    case sip(uri: String, srtp: SRTPPolicy? = nil)
}

extension GatewayConfiguration {
    /// Asks the routes, first match first.
    ///
    /// - Parameter dialled: The user part as it stood in the request URI, or as it was typed.
    /// - Returns: Nil when no route matches, or when the one that does names a user that is not there: 404.
    public func destination(dialled: String) -> RouteDestination? {
        guard let route = routes.first(where: { $0.pattern.matches(dialled) }) else { return nil }
        switch route.action {
        case .echo: return .echo
        case .user(let name): return user(named: name ?? dialled).map { .user($0) }
        case .sip(let target): return .sip(uri: RouteTarget.uri(target, dialled: dialled), srtp: route.srtp)
        }
    }
}

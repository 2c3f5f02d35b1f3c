/// One entry of `from`: callers that may use a route.
public enum RouteSource: Sendable, Hashable {
    /// `anyone`
    case anyone
    /// `anonymous`: who has proven nothing.
    case anonymous
    /// `user`: any user, in a browser or at a phone.
    case anyUser
    /// `user NAME`
    case user(String)
    /// `trunk`: any trunk.
    case anyTrunk
    /// `trunk NAME`
    case trunk(String)

    public func admits(_ source: CallSource) -> Bool {
        switch (self, source) {
        case (.anyone, _), (.anonymous, .anonymous), (.anyUser, .user), (.anyTrunk, .trunk): true
        case (.user(let name), .user(let caller)): name == caller
        case (.trunk(let name), .trunk(let caller)): name == caller
        default: false
        }
    }

    /// Whether this admits all that `other` does.
    func covers(_ other: RouteSource) -> Bool {
        switch (self, other) {
        case (.anyone, _), (.anyUser, .user), (.anyTrunk, .trunk): true
        default: self == other
        }
    }

    /// Who may use a route that does not say so: what costs nothing is for all, other gateways only for those who are known.
    static func defaults(for targets: [RouteTarget]) -> [RouteSource] {
        targets.contains(where: \.leavesTheGateway) ? [.anyUser, .anyTrunk] : [.anyone]
    }
}

extension RouteSource: CustomStringConvertible {
    /// As in the configuration.
    public var description: String {
        switch self {
        case .anyone: "anyone"
        case .anonymous: "anonymous"
        case .anyUser: "user"
        case .user(let name): "user \(name)"
        case .anyTrunk: "trunk"
        case .trunk(let name): "trunk \(name)"
        }
    }
}

/// Who calls, as far as it has been proven.
public enum CallSource: Sendable, Hashable {
    /// A user who logged in, or whose phone has valid credentials.
    case user(String)
    /// A trunk, by its source address or its credentials.
    case trunk(String)
    /// Nobody that is known, whatever the headers of the call say.
    case anonymous
}

extension CallSource {
    public var isTrunk: Bool { if case .trunk = self { true } else { false } }
}

extension CallSource: CustomStringConvertible {
    public var description: String {
        switch self {
        case .user(let name): "user \(name)"
        case .trunk(let name): "trunk \(name)"
        case .anonymous: "anonymous"
        }
    }
}

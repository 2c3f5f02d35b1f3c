/// Key `caller_id`: what a trunk is told of who calls.
public enum CallerIDRule: Sendable, Equatable {
    /// `pass`: number and name as they are.
    case pass
    /// A number for everybody, or one that is made of the caller's by `{user}`.
    case number(RouteTemplate)
    /// `sip:USER@HOST`: user and host, for everybody; `{user}` may stand in the user.
    case uri(user: RouteTemplate, host: String)

    /// Who calls, after the rule. The caller's display name goes with its number: one number for all hides both.
    ///
    /// - Parameter caller: Its user is the caller's number or name.
    /// - Returns: A host only where the rule has one.
    public func apply(_ caller: CallerIdentity) -> CallerIdentity {
        let (template, host): (RouteTemplate, String?)
        switch self {
        case .pass: return caller
        case .number(let number): (template, host) = (number, nil)
        case .uri(let user, let name): (template, host) = (user, name)
        }
        let user = template.filled(with: RouteMatch(user: caller.user))
        return CallerIdentity(user: user, host: host, displayName: template.hasPlaceholder ? caller.displayName : nil)
    }
}

/// Who calls, as a From header says it.
public struct CallerIdentity: Sendable, Hashable {
    /// Number or name, without escapes.
    public var user: String
    /// Nil leaves it to the gateway.
    public var host: String?
    public var displayName: String?

    public init(user: String, host: String? = nil, displayName: String? = nil) {
        self.user = user
        self.host = host
        self.displayName = displayName
    }
}

/// Rules that turn a number from one notation into another: the first whose pattern matches all of it decides.
public struct NumberRules: Sendable, Equatable {
    /// One entry: what `pattern` matches becomes what `replacement` makes of it.
    public struct Rule: Sendable, Equatable {
        /// Key `match`, as in a route.
        public var pattern: RoutePattern
        /// Key `to`, with `{user}` and `{1}` to `{9}`.
        public var replacement: RouteTemplate

        public init(_ pattern: RoutePattern, _ replacement: RouteTemplate) {
            self.pattern = pattern
            self.replacement = replacement
        }
    }

    /// At most 64.
    public var rules: [Rule]

    public init(_ rules: [Rule] = []) {
        self.rules = rules
    }

    /// `number` in the other notation; as it is where no rule is for it.
    public func normalise(_ number: String) -> String {
        for rule in rules {
            if let match = rule.pattern.match(number) { return rule.replacement.filled(with: match) }
        }
        return number
    }
}

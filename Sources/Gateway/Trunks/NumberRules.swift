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

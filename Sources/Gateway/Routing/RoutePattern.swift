/// What the dialled user must look like. Case counts, as it does in a SIP URI (RFC 3261 section 19.1.4).
public enum RoutePattern: Sendable, Equatable {
    /// `*`: everything.
    case any
    /// `alice`: exactly this.
    case exact(String)
    /// `00*`: everything that starts so.
    case prefix(String)
    /// `/[1-9][0-9]{2}/`: the whole dialled user must match the expression.
    case expression(RouteExpression)

    /// Reads the notation above. At most 256 characters.
    public init(parsing text: String) throws(RouteTextError) {
        guard text.utf8.count <= 256 else { throw RouteTextError("it is longer than 256 characters") }
        guard !text.isEmpty else { throw RouteTextError("it is empty") }
        if text == "*" {
            self = .any
        } else if text.hasPrefix("/") {
            guard text.count > 2, text.hasSuffix("/") else {
                throw RouteTextError("a regular expression stands between slashes, as in /1[0-9]+/")
            }
            self = .expression(try RouteExpression(String(text.dropFirst().dropLast())))
        } else if text.hasSuffix("*"), !text.dropLast().contains("*") {
            self = .prefix(String(text.dropLast()))
        } else if text.contains("*") {
            throw RouteTextError("* may stand alone or at the end; a regular expression stands between slashes")
        } else {
            self = .exact(text)
        }
    }

    public func matches(_ dialled: String) -> Bool {
        match(dialled) != nil
    }

    /// What it finds in `dialled`; nil when it does not match. The group of `*` is what the star stands for.
    public func match(_ dialled: String) -> RouteMatch? {
        switch self {
        case .any: return RouteMatch(user: dialled, groups: [dialled])
        case .exact(let user): return dialled == user ? RouteMatch(user: dialled) : nil
        case .prefix(let start):
            guard dialled.hasPrefix(start) else { return nil }
            return RouteMatch(user: dialled, groups: [String(dialled.dropFirst(start.count))])
        case .expression(let expression):
            return expression.groups(in: dialled).map { RouteMatch(user: dialled, groups: $0) }
        }
    }

    /// How many groups it has.
    var groupCount: Int {
        switch self {
        case .any, .prefix: 1
        case .exact: 0
        case .expression(let expression): expression.groupCount
        }
    }

    /// Whether this matches all that `other` does, as far as that can be told by looking.
    func covers(_ other: RoutePattern) -> Bool {
        switch (self, other) {
        case (.any, _): true
        case (_, .exact(let user)): matches(user)
        case (.prefix(let mine), .prefix(let theirs)): theirs.hasPrefix(mine)
        default: self == other
        }
    }
}

extension RoutePattern: CustomStringConvertible {
    /// As in the configuration.
    public var description: String {
        switch self {
        case .any: "*"
        case .exact(let user): user
        case .prefix(let start): "\(start)*"
        case .expression(let expression): "/\(expression.source)/"
        }
    }
}

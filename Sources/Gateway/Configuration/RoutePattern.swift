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
    public init(parsing text: String) throws(RoutePatternError) {
        guard text.utf8.count <= 256 else { throw RoutePatternError("it is longer than 256 characters") }
        guard !text.isEmpty else { throw RoutePatternError("it is empty") }
        if text == "*" {
            self = .any
        } else if text.hasPrefix("/") {
            guard text.count > 2, text.hasSuffix("/") else {
                throw RoutePatternError("a regular expression stands between slashes, as in /1[0-9]+/")
            }
            self = .expression(try RouteExpression(String(text.dropFirst().dropLast())))
        } else if text.hasSuffix("*"), !text.dropLast().contains("*") {
            self = .prefix(String(text.dropLast()))
        } else if text.contains("*") {
            throw RoutePatternError("* may stand alone or at the end; a regular expression stands between slashes")
        } else {
            self = .exact(text)
        }
    }

    public func matches(_ dialled: String) -> Bool {
        switch self {
        case .any: true
        case .exact(let user): dialled == user
        case .prefix(let start): dialled.hasPrefix(start)
        case .expression(let expression): expression.matches(dialled)
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

/// Why the text of a pattern is none.
public struct RoutePatternError: Error, Sendable, Equatable {
    public let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

/// A text with places for what was dialled: `{user}` for all of it, `{1}` to `{9}` for the groups of the pattern.
public struct RouteTemplate: Sendable, Equatable, CustomStringConvertible {
    private enum Piece: Sendable, Equatable {
        case text(String)
        case user
        case group(Int)
    }

    /// As written.
    public let description: String
    private let pieces: [Piece]

    public init(parsing text: String) throws(RouteTextError) {
        description = text
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
                throw RouteTextError("a { or } stands alone: {user} and {1} to {9} are the placeholders")
            }
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            let name = rest[rest.index(after: open)..<close]
            if name == "user" {
                pieces.append(.user)
            } else if name.utf8.count == 1, let number = Int(name), number > 0 {
                pieces.append(.group(number))
            } else {
                throw RouteTextError("{\(ConfigurationText.shown(String(name)))} is no placeholder: {user} and {1} to {9} are")
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.pieces = pieces
    }

    /// The highest number of a group that it names; 0 where it names none.
    public var highestGroup: Int {
        pieces.reduce(0) { highest, piece in
            if case .group(let number) = piece { max(highest, number) } else { highest }
        }
    }

    /// Whether anything dialled stands in it.
    var hasPlaceholder: Bool { pieces.contains { if case .text = $0 { false } else { true } } }

    /// The text with `match` in its places.
    ///
    /// - Parameter escape: Applied to what stems from the dialled user, not to what the template itself says.
    public func filled(with match: RouteMatch, escape: (String) -> String = { $0 }) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .user: escape(match.user)
            case .group(let number): match.groups.count >= number ? escape(match.groups[number - 1]) : ""
            }
        }.joined()
    }
}

/// What a pattern found in a dialled user.
public struct RouteMatch: Sendable, Equatable {
    /// All of it, or what `rewrite` made of it.
    public var user: String
    /// `{1}` and on: what the groups of an expression took, or what `*` stands for.
    public var groups: [String]

    public init(user: String, groups: [String] = []) {
        self.user = user
        self.groups = groups
    }
}

/// Why the text of a pattern, a template or a rule is none.
public struct RouteTextError: Error, Sendable, Equatable {
    public let reason: String

    public init(_ reason: String) {
        self.reason = reason
    }
}

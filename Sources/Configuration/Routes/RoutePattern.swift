internal import Glibc

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

/// A POSIX extended regular expression, compiled once. The C library's matcher does not backtrack, so no dialled user
/// can make it slow; back-references, which would, are refused.
public struct RouteExpression: Sendable, Equatable {
    /// The expression as written, without slashes.
    public let source: String
    private let compiled: Compiled

    /// Longest dialled user that is looked at, in bytes.
    private static let longestSubject = 1_024

    public init(_ source: String) throws(RouteTextError) {
        guard !RouteExpression.hasBackReference(source) else {
            throw RouteTextError("back-references (\\1) are not supported")
        }
        self.source = source
        // By itself first: `a)|(b` becomes an expression by what is put around it, another than was meant.
        _ = try Compiled(source)
        compiled = try Compiled("^(\(source))$")
    }

    /// How many groups it has, as far as they can be named.
    public var groupCount: Int { min(9, compiled.groupCount) }

    /// Whether all of `dialled` matches.
    public func matches(_ dialled: String) -> Bool {
        groups(in: dialled) != nil
    }

    /// What the groups took, when all of `dialled` matches; empty for those that took no part.
    public func groups(in dialled: String) -> [String]? {
        guard dialled.utf8.count <= RouteExpression.longestSubject, !dialled.utf8.contains(0) else { return nil }
        return compiled.groups(in: dialled, atMost: groupCount)
    }

    public static func == (left: RouteExpression, right: RouteExpression) -> Bool {
        left.source == right.source
    }

    private static func hasBackReference(_ source: String) -> Bool {
        var escaped = false
        for character in source {
            if escaped, ("1"..."9").contains(character) { return true }
            escaped = character == "\\" && !escaped
        }
        return false
    }

    /// Owns the `regex_t`. `regexec` may be called on it from any thread: glibc locks it.
    private final class Compiled: @unchecked Sendable {
        private let pointer: UnsafeMutablePointer<regex_t>

        init(_ pattern: String) throws(RouteTextError) {
            let pointer = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
            let status = regcomp(pointer, pattern, REG_EXTENDED)
            guard status == 0 else {
                var text = [CChar](repeating: 0, count: 128)
                regerror(status, pointer, &text, text.count)
                pointer.deallocate()
                let reason = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                throw RouteTextError("bad regular expression: \(reason)")
            }
            self.pointer = pointer
        }

        deinit {
            regfree(pointer)
            pointer.deallocate()
        }

        /// Without the group that the expression as a whole was made.
        var groupCount: Int { pointer.pointee.re_nsub - 1 }

        func groups(in text: String, atMost count: Int) -> [String]? {
            var found = [regmatch_t](repeating: regmatch_t(rm_so: -1, rm_eo: -1), count: count + 2)
            guard regexec(pointer, text, count == 0 ? 0 : found.count, &found, 0) == 0 else { return nil }
            let bytes = Array(text.utf8)
            return found.dropFirst(2).map { range in
                let (start, end) = (Int(range.rm_so), Int(range.rm_eo))
                guard start >= 0, end >= start, end <= bytes.count else { return "" }
                return String(decoding: bytes[start..<end], as: UTF8.self)
            }
        }
    }
}

internal import Glibc

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

internal import Glibc

/// A POSIX extended regular expression, compiled once. The C library's matcher does not backtrack, so no dialled user
/// can make it slow; back-references, which would, are refused.
public struct RouteExpression: Sendable, Equatable {
    /// The expression as written, without slashes.
    public let source: String
    private let compiled: Compiled

    /// Longest dialled user that is looked at, in bytes.
    private static let longestSubject = 1_024

    public init(_ source: String) throws(RoutePatternError) {
        guard !RouteExpression.hasBackReference(source) else {
            throw RoutePatternError("back-references (\\1) are not supported")
        }
        self.source = source
        compiled = try Compiled("^(\(source))$")
    }

    /// Whether all of `dialled` matches.
    public func matches(_ dialled: String) -> Bool {
        guard dialled.utf8.count <= RouteExpression.longestSubject, !dialled.utf8.contains(0) else { return false }
        return compiled.matches(dialled)
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

        init(_ pattern: String) throws(RoutePatternError) {
            let pointer = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)
            let status = regcomp(pointer, pattern, REG_EXTENDED | REG_NOSUB)
            guard status == 0 else {
                var text = [CChar](repeating: 0, count: 128)
                regerror(status, pointer, &text, text.count)
                pointer.deallocate()
                let reason = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                throw RoutePatternError("bad regular expression: \(reason)")
            }
            self.pointer = pointer
        }

        deinit {
            regfree(pointer)
            pointer.deallocate()
        }

        func matches(_ text: String) -> Bool {
            regexec(pointer, text, 0, nil, 0) == 0
        }
    }
}

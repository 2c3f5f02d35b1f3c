internal import Glibc

/// Text for people, outside the log. Unbuffered: the program may end at any moment.
enum StandardStreams {
    static func output(_ text: String) {
        write(text, to: 1)
    }

    static func error(_ text: String) {
        write(text, to: 2)
    }

    /// Errors of the streams themselves are nobody's to hear, and end the text.
    private static func write(_ text: String, to descriptor: Int32) { _ = write(Array((text + "\n").utf8), to: descriptor) }

    /// Whether all could be written; `errno` says why not.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return false }
            rest = rest.dropFirst(max(0, count))
        }
        return true
    }
}

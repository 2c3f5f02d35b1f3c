/// Takes a multipart body apart (RFC 2046 section 5.1).
enum Multipart {
    /// More parts are not read.
    static let mostParts = 16
    /// Bytes of the longest boundary.
    private static let longestBoundary = 70

    enum Failure: Error {
        /// There is no boundary, or nothing that it bounds.
        case malformed(String)
        case tooManyParts
    }

    /// The parts between the delimiters. What stands before the first and behind the last is for readers without MIME; a last delimiter that is
    /// missing is the end of the body.
    static func parts(of body: ArraySlice<UInt8>, boundary: String?) throws(Failure) -> [ArraySlice<UInt8>] {
        guard let boundary, (1...longestBoundary).contains(boundary.utf8.count) else {
            throw .malformed("the multipart body has no boundary")
        }
        let mark = Array("--\(boundary)".utf8)
        var parts: [ArraySlice<UInt8>] = []
        var (lines, start) = (LineScanner(body), Int?.none)
        func end(_ line: ArraySlice<UInt8>) throws(Failure) {
            guard let start else { return }
            guard parts.count < mostParts else { throw .tooManyParts }
            parts.append(withoutLineEnd(body[start..<max(start, line.startIndex)]))
        }
        while let line = lines.next() {
            guard let delimiter = delimiter(line, mark) else { continue }
            try end(line)
            start = delimiter == .last ? nil : lines.position
            if delimiter == .last { break }
        }
        try end(body[body.endIndex...])
        if parts.isEmpty { throw .malformed("the multipart body has no part") }
        return parts
    }

    private enum Delimiter { case next, last }

    /// Blanks may follow it, nothing else.
    private static func delimiter(_ line: ArraySlice<UInt8>, _ mark: [UInt8]) -> Delimiter? {
        guard line.starts(with: mark) else { return nil }
        var rest = line.dropFirst(mark.count)
        let isLast = rest.starts(with: Array("--".utf8))
        if isLast { rest = rest.dropFirst(2) }
        return rest.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } ? (isLast ? .last : .next) : nil
    }

    /// The line end before a delimiter belongs to it.
    private static func withoutLineEnd(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var part = part
        if part.last == UInt8(ascii: "\n") { part = part.dropLast() }
        if part.last == UInt8(ascii: "\r") { part = part.dropLast() }
        return part
    }
}

/// Goes through bytes line by line; a line ends with LF or CRLF.
struct LineScanner {
    private let bytes: ArraySlice<UInt8>
    /// Behind the line that was read last.
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The next line without its end; nil behind the last.
    mutating func next() -> ArraySlice<UInt8>? {
        guard position < bytes.endIndex else { return nil }
        let rest = bytes[position...]
        guard let feed = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            position = bytes.endIndex
            return rest
        }
        position = feed + 1
        let line = rest[..<feed]
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
}

/// Cuts a text into its lines, within the limits, looking at each byte once.
///
/// Lines end with CRLF or LF, the last one with its end or without; empty lines are passed over, and so are NULs at the end.
struct LineReader {
    private let text: Substring
    private let limits: SDPLimits
    /// How many bytes were read.
    private var offset = 0
    /// Number of the line that `next` gave last.
    private(set) var number = 0

    init(_ text: String, limits: SDPLimits) throws(SDPError) {
        guard text.utf8.count <= limits.bytes else { throw SDPError(line: 0, reason: .tooLarge(limit: limits.bytes)) }
        var text = text
        text.makeContiguousUTF8()
        // Some phones send the end of the string with it.
        self.text = text.utf8.lastIndex { $0 != 0 }.map { Substring(text.utf8[...$0]) } ?? ""
        self.limits = limits
    }

    /// The letter and the value of the next line; nil at the end.
    mutating func next() throws(SDPError) -> (type: UInt8, value: Substring)? {
        let count = text.utf8.count
        while offset < count {
            let start = offset
            number += 1
            let newline = text.withBytes { $0[start...].firstIndex(of: UInt8(ascii: "\n")) }
            offset = newline.map { $0 + 1 } ?? count
            if let line = try split(start ..< (newline ?? count)) { return line }
        }
        return nil
    }

    /// What is in a line, its CR included; nil where it is empty.
    private func split(_ range: Range<Int>) throws(SDPError) -> (type: UInt8, value: Substring)? {
        let look = text.withBytes { Look(at: $0[range]) }
        guard look.end - range.lowerBound <= limits.lineBytes else { throw error(.lineTooLong(limit: limits.lineBytes)) }
        guard number <= limits.lines else { throw error(.tooManyLines(limit: limits.lines)) }
        guard !look.hasControl else { throw error(.controlCharacter) }
        if look.end == range.lowerBound { return nil }
        guard let type = look.type else { throw error(.notALine) }
        return (type, text.slice(range.lowerBound + 2 ..< look.end))
    }

    /// What the bytes of a line say of it.
    private struct Look {
        /// Where the line ends, without its CR.
        var end: Int
        var hasControl: Bool
        /// The letter; nil when the line is not of the form <letter>=<value>.
        var type: UInt8?

        init(at line: Slice<UnsafeBufferPointer<UInt8>>) {
            let content = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            end = content.endIndex
            hasControl = content.contains { $0 == 0 || $0 == UInt8(ascii: "\r") }
            guard let letter = content.first, UInt8(ascii: "a") ... UInt8(ascii: "z") ~= letter else { return }
            if content.dropFirst().first == UInt8(ascii: "=") { type = letter }
        }
    }

    func error(_ reason: SDPError.Reason) -> SDPError { SDPError(line: number, reason: reason) }
}

/// Reads the space-separated fields of one line, from the left; works on bytes, each looked at once.
struct FieldReader {
    private let text: Substring
    /// How many bytes were read.
    private var offset = 0

    init(_ text: Substring) { self.text = text }

    /// The next field; nil at the end. Several spaces count as one.
    mutating func next() -> Substring? {
        let space = UInt8(ascii: " "), start = offset
        let field = text.withBytes { bytes -> Range<Int>? in
            guard let first = bytes[start...].firstIndex(where: { $0 != space }) else { return nil }
            return first ..< (bytes[first...].firstIndex(of: space) ?? bytes.endIndex)
        }
        guard let field else { return nil }
        offset = field.upperBound
        return text.slice(field)
    }

    /// The next field, when it is a number within `type`.
    mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        next().flatMap { T(digits: $0) }
    }

    /// All that is left, without spaces around it.
    mutating func remainder() -> Substring {
        let end = text.utf8.count
        defer { offset = end }
        return text.slice(offset ..< end).trimmingSpaces()
    }

    /// All fields that are left.
    mutating func all() -> [String] {
        var fields: [String] = []
        while let field = next() { fields.append(String(field)) }
        return fields
    }
}

extension FixedWidthInteger {
    /// A number of decimal digits only, within this type's range.
    init?(digits: some StringProtocol) {
        guard !digits.utf8.isEmpty else { return nil }
        self = 0
        for byte in digits.utf8 {
            guard UInt8(ascii: "0") ... UInt8(ascii: "9") ~= byte else { return nil }
            let (tens, isTooLarge) = multipliedReportingOverflow(by: 10)
            let (sum, isStillTooLarge) = tens.addingReportingOverflow(Self(byte &- UInt8(ascii: "0")))
            guard !isTooLarge, !isStillTooLarge else { return nil }
            self = sum
        }
    }
}

extension Substring {
    /// Lends the bytes as one piece of memory, which every description that is read is: several times as fast as indices.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
        return Array(utf8).withUnsafeBufferPointer(body)
    }

    /// The part from one byte up to another.
    func slice(_ range: Range<Int>) -> Substring {
        let start = utf8.index(startIndex, offsetBy: range.lowerBound)
        return self[start ..< utf8.index(start, offsetBy: range.count)]
    }

    /// Without the spaces at both ends.
    func trimmingSpaces() -> Substring {
        let space = UInt8(ascii: " ")
        guard utf8.first == space || utf8.last == space else { return self }
        guard let first = utf8.firstIndex(where: { $0 != space }), let last = utf8.lastIndex(where: { $0 != space }) else {
            return self[endIndex...]
        }
        return self[first ... last]
    }

    /// The parts before and after the first `separator`; nil where there is none.
    func split(at separator: UInt8) -> (Substring, Substring)? {
        guard let offset = withBytes({ $0.firstIndex(of: separator) }) else { return nil }
        let index = utf8.index(startIndex, offsetBy: offset)
        return (self[..<index], self[utf8.index(after: index)...])
    }
}

extension UInt8 {
    /// Whether this is one of 0-9 in ASCII.
    var isDigit: Bool { UInt8(ascii: "0") ... UInt8(ascii: "9") ~= self }

    /// Whether this is one of a-z, A-Z in ASCII.
    var isLetter: Bool { UInt8(ascii: "a") ... UInt8(ascii: "z") ~= self | 0x20 }

    /// Whether this is one of 0-9, a-f, A-F in ASCII.
    var isHexDigit: Bool { isDigit || UInt8(ascii: "a") ... UInt8(ascii: "f") ~= self | 0x20 }

    /// Whether this may be in a token (RFC 8866, section 9: token-char).
    var isTokenCharacter: Bool {
        switch self {
        case 0x21, 0x23 ... 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x30 ... 0x39, 0x41 ... 0x5A, 0x5E ... 0x7E: true
        default: false
        }
    }

    /// Whether this is ASCII that shows: no space, no control character.
    var isVisible: Bool { 0x21 ... 0x7E ~= self }
}

extension Substring {
    /// A token of that many bytes (RFC 8866, section 9); nil for anything else. Spaces around it do no harm.
    func token(_ length: ClosedRange<Int>) -> String? { word(length, of: \.isTokenCharacter) }

    /// A word of that many bytes, all of which fulfil `condition`; nil for anything else. Spaces around it do no harm.
    func word(_ length: ClosedRange<Int>, of condition: (UInt8) -> Bool) -> String? {
        let word = trimmingSpaces()
        guard length ~= word.utf8.count, word.utf8.allSatisfy(condition) else { return nil }
        return String(word)
    }

    /// Whether this is `word`, in any case.
    func isSame(as word: StaticString) -> Bool {
        guard utf8.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { expected in
            zip(utf8, expected).allSatisfy { $0 == $1 || ($0.isLetter && $0 | 0x20 == $1 | 0x20) }
        }
    }

    /// This in lower case; the same memory where it is so already.
    var lowercasedIfNeeded: Substring {
        utf8.contains { UInt8(ascii: "A") ... UInt8(ascii: "Z") ~= $0 } ? Substring(lowercased()) : self
    }
}

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

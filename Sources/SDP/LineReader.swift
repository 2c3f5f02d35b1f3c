/// Cuts a text into its lines, within the limits, looking at each byte once.
///
/// Lines end with CRLF or LF, the last one with its end or without; empty lines are allowed at the end only.
struct LineReader {
    private let text: String
    private let limits: SDPLimits
    private var position: String.Index
    /// Number of the line that `next` gave last.
    private(set) var number = 0

    init(_ text: String, limits: SDPLimits) throws(SDPError) {
        guard text.utf8.count <= limits.bytes else { throw SDPError(line: 0, reason: .tooLarge(limit: limits.bytes)) }
        self.text = text
        self.limits = limits
        position = text.startIndex
    }

    /// The letter and the value of the next line; nil at the end.
    mutating func next() throws(SDPError) -> (type: UInt8, value: Substring)? {
        let bytes = text.utf8
        guard position < bytes.endIndex else { return nil }
        number += 1
        let newline = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
        var end = newline
        if end > position, bytes[bytes.index(before: end)] == UInt8(ascii: "\r") { end = bytes.index(before: end) }
        let line = text[position ..< end]
        position = newline < bytes.endIndex ? bytes.index(after: newline) : newline
        return try split(line)
    }

    private func split(_ line: Substring) throws(SDPError) -> (type: UInt8, value: Substring)? {
        let bytes = line.utf8
        guard bytes.count <= limits.lineBytes else { throw error(.lineTooLong(limit: limits.lineBytes)) }
        guard number <= limits.lines else { throw error(.tooManyLines(limit: limits.lines)) }
        guard !bytes.contains(where: { $0 == 0 || $0 == UInt8(ascii: "\r") }) else { throw error(.controlCharacter) }
        if bytes.isEmpty, isAtBlankEnd { return nil }
        guard
            let type = bytes.first, UInt8(ascii: "a") ... UInt8(ascii: "z") ~= type,
            bytes.dropFirst().first == UInt8(ascii: "=")
        else { throw error(.notALine) }
        return (type, line[bytes.index(bytes.startIndex, offsetBy: 2)...])
    }

    /// Whether nothing but line ends follows.
    private var isAtBlankEnd: Bool {
        text.utf8[position...].allSatisfy { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
    }

    func error(_ reason: SDPError.Reason) -> SDPError { SDPError(line: number, reason: reason) }
}

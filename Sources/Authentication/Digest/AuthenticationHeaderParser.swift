/// Reads the text of a header that has challenges or credentials, byte by byte and once.
struct AuthenticationHeaderParser {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    private var next: UInt8? { bytes.indices.contains(position) ? bytes[position] : nil }

    mutating func parse() throws(AuthenticationError) -> [AuthenticationHeader] {
        var found: [AuthenticationHeader] = []
        skipSeparators()
        while next != nil {
            let word = try token()
            let hadSpace = skipSpace()
            if next == UInt8(ascii: "="), var header = found.popLast() {
                try parameter(word, of: &header)
                found.append(header)
            } else {
                guard found.count < AuthenticationHeader.maximumCount else { throw .header("it has too many challenges") }
                found.append(try challenge(word, hasParameters: hadSpace))
            }
            _ = skipSpace()
            guard next == nil || next == UInt8(ascii: ",") else { throw .header("there is no comma between two parameters") }
            skipSeparators()
        }
        guard !found.isEmpty else { throw .header("it is empty") }
        return found
    }

    /// A scheme and, after a space, its first parameter.
    private mutating func challenge(_ scheme: String, hasParameters: Bool) throws(AuthenticationError) -> AuthenticationHeader {
        var header = AuthenticationHeader(scheme: scheme)
        guard hasParameters, let byte = next, byte != UInt8(ascii: ",") else { return header }
        let start = position
        // Base64, as Basic, Bearer and Negotiate have in place of parameters, may end in `=`.
        if let name = try? token() {
            _ = skipSpace()
            if next == UInt8(ascii: "="), isParameter() {
                try parameter(name, of: &header)
                return header
            }
        }
        position = start
        while let byte = next, Self.isToken(byte) || byte == UInt8(ascii: "=") { position += 1 }
        return header
    }

    /// Whether a value follows the `=` here.
    private func isParameter() -> Bool {
        let rest = bytes[min(position + 1, bytes.count)...].drop { $0 == 0x20 || $0 == 0x09 }
        guard let first = rest.first else { return false }
        return first == UInt8(ascii: "\"") || Self.isToken(first)
    }

    private mutating func parameter(_ name: String, of header: inout AuthenticationHeader) throws(AuthenticationError) {
        position += 1
        _ = skipSpace()
        let value = next == UInt8(ascii: "\"") ? try quoted() : try token()
        try header.append(name, value)
    }

    private mutating func token() throws(AuthenticationError) -> String {
        let start = position
        while let byte = next, Self.isToken(byte) { position += 1 }
        guard start < position else { throw .header("a name or a value is missing") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quoted() throws(AuthenticationError) -> String {
        position += 1
        var value: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: value, as: UTF8.self) else { throw .header("it is no UTF-8") }
                return text
            case UInt8(ascii: "\\"):
                guard let escaped = next, escaped >= 0x20, escaped != 0x7F else { throw .header("a backslash has nothing behind it") }
                position += 1
                value.append(escaped)
            case 0x09, 0x20...0x7E, 0x80...0xFF: value.append(byte)
            default: throw .header("it has a control character")
            }
        }
        throw .header("a quotation has no end")
    }

    /// Space, also that of a header that was folded.
    @discardableResult
    private mutating func skipSpace() -> Bool {
        let start = position
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A { position += 1 }
        return position > start
    }

    private mutating func skipSeparators() {
        repeat {
            skipSpace()
            guard next == UInt8(ascii: ",") else { return }
            position += 1
        } while true
    }

    /// RFC 3261 section 25.1, with what phones write without quotes although they should not: URIs and base64.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-.!%*_+`'~/:@#$&^|".utf8.contains(byte)
        }
    }
}

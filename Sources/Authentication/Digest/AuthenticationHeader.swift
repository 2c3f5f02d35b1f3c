/// One challenge or one set of credentials as it stands in a header: a scheme and its parameters (RFC 9110 section 11).
///
/// ``DigestChallenge`` and ``DigestCredentials`` say what the parameters mean.
struct AuthenticationHeader: Sendable, Equatable {
    struct Parameter: Sendable, Equatable {
        /// In lower case.
        let name: String
        /// Without quotes, and without the backslashes of quoted pairs.
        let value: String
    }

    /// Longest text that is looked at, in bytes.
    static let maximumLength = 4_096
    /// Most challenges in one header, and most parameters of one.
    static let maximumCount = 32

    /// As it was written; compared without regard to case.
    let scheme: String
    private(set) var parameters: [Parameter] = []

    init(scheme: String) {
        self.scheme = scheme
    }

    func isScheme(_ name: String) -> Bool { scheme.lowercased() == name.lowercased() }

    /// The value of a parameter, by its name in lower case.
    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// - Throws: When it stands twice: then two readers could understand it in two ways.
    mutating func append(_ name: String, _ value: String) throws(AuthenticationError) {
        let name = name.lowercased()
        guard self[name] == nil else { throw .header("a parameter stands twice") }
        guard parameters.count < Self.maximumCount else { throw .header("it has too many parameters") }
        parameters.append(Parameter(name: name, value: value))
    }

    /// All that one header has: usually one, but several may be separated by commas.
    static func parse(_ text: String) throws(AuthenticationError) -> [AuthenticationHeader] {
        guard text.utf8.count <= maximumLength else { throw .header("it is longer than 4 KiB") }
        var parser = AuthenticationHeaderParser(text)
        return try parser.parse()
    }
}

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

/// Writes parameters of authentication headers.
enum HeaderText {
    static func quoted(_ name: String, _ value: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { text.append("\\") }
            text.append(scalar)
        }
        return "\(name)=\"\(String(text))\""
    }
}

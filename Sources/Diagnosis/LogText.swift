/// Text for a log line. What peers send ends up here: nothing of it may end the line, move a terminal's cursor, or pass for
/// a field.
enum LogText {
    /// Longest text of one field, in Unicode scalars; the rest is cut.
    static let longest = 4_096

    /// For a place that is not delimited: escapes only what cannot be printed.
    static func plain(_ text: String) -> String {
        escaped(text) { _ in nil }
    }

    /// For a value: in quotation marks when it is empty, or has something that would make it look like several fields.
    static func word(_ text: String) -> String {
        let utf8 = text.utf8
        // Nearly every value.
        if !utf8.isEmpty, utf8.count <= longest, utf8.allSatisfy({ isOrdinary($0) && $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "=") }) { return text }
        let isBare = !utf8.isEmpty && utf8.allSatisfy { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\\") }
        return isBare ? plain(text) : json(text)
    }

    /// A JSON string (RFC 8259 section 7).
    static func json(_ text: String) -> String {
        "\"" + escaped(text) { $0 == "\"" || $0 == "\\" ? "\\\($0)" : nil } + "\""
    }

    private static func escaped(_ text: String, _ special: (Unicode.Scalar) -> String?) -> String {
        // Nearly every text: short, ASCII, and without anything to escape.
        if text.utf8.count <= longest, text.utf8.allSatisfy({ isOrdinary($0) }) { return text }
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == longest {
                result += "…"
                break
            }
            count += 1
            if let replacement = special(scalar) {
                result += replacement
            } else if isPrintable(scalar) {
                result.unicodeScalars.append(scalar)
            } else {
                result += escape(scalar)
            }
        }
        return result
    }

    private static func isOrdinary(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7f }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: return false
        default: return true
        }
    }

    /// `\n`, `\t`, else `\u001b`; beyond the first plane as a pair of surrogates, as JSON has it.
    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }.joined()
        }
    }
}

/// Texts of a peer, made harmless: valid UTF-8, bounded, without control characters.
enum SofiaText {
    /// More than any header field that is shown or logged needs.
    static let longestField = 1_024

    /// A C string of Sofia's as a header field's text; empty when there is none.
    static func field(_ text: UnsafePointer<CChar>?, limit: Int = longestField) -> String {
        guard let text else { return "" }
        var bytes: [UInt8] = []
        var next = text
        while bytes.count < limit, next.pointee != 0 {
            let byte = UInt8(bitPattern: next.pointee)
            bytes.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte)
            next += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func optionalField(_ text: UnsafePointer<CChar>?, limit: Int = longestField) -> String? {
        text.map { field($0, limit: limit) }
    }

    /// The content of a quoted-string (RFC 3261 section 25.1), or the text itself when it is a token.
    static func unquoted(_ text: String) -> String {
        // A combining mark next to a quote would make one character of both.
        let scalars = text.unicodeScalars
        guard scalars.count >= 2, scalars.first == "\"", scalars.last == "\"" else { return text }
        var result = String.UnicodeScalarView()
        var escaped = false
        for scalar in scalars.dropFirst().dropLast() {
            if scalar == "\\", !escaped {
                escaped = true
            } else {
                escaped = false
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// Percent escapes of a URI part decoded; what is no valid escape, or would be a control character, stays as it is.
    static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = hexDigit(bytes[index + 1]), let low = hexDigit(bytes[index + 2]),
                high << 4 | low >= 0x20, high << 4 | low != 0x7F {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Texts of header fields in which a quoted string may have the separator (RFC 3261 section 25.1).
enum QuotedText {
    /// The pieces of `text` between separators outside of quotes; the whole where there is none.
    static func split(_ text: Substring, at separator: Unicode.Scalar) -> [Substring] {
        var parts: [Substring] = []
        var (start, isQuoted, isEscaped) = (text.startIndex, false, false)
        let scalars = text.unicodeScalars
        for index in scalars.indices {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, scalars[index] == "\\" {
                isEscaped = true
            } else if scalars[index] == "\"" {
                isQuoted.toggle()
            } else if scalars[index] == separator, !isQuoted {
                parts.append(text[start..<index])
                start = scalars.index(after: index)
            }
        }
        return parts + [text[start...]]
    }

    /// Without the blanks and tabs around it.
    static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}

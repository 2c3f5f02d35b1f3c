/// A header field's value with parameters: `multipart/mixed;boundary="a b"`, `signal;handling=optional` (RFC 3261 section 25.1).
struct ParameterizedValue: Equatable {
    /// Before the first semicolon, in lower case.
    let value: String
    /// By their names in lower case, without quotes. Of several with one name the first counts.
    private(set) var parameters: [String: String] = [:]

    /// More parameters are not read.
    private static let mostParameters = 16

    init(_ text: String) {
        var parts = ParameterizedValue.split(text)[...]
        value = ParameterizedValue.trimmed(parts.popFirst() ?? "").lowercased()
        for part in parts.prefix(ParameterizedValue.mostParameters) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = ParameterizedValue.trimmed(pair.first ?? "").lowercased()
            guard !name.isEmpty, parameters[name] == nil else { continue }
            parameters[name] = SofiaText.unquoted(ParameterizedValue.trimmed(pair.count == 2 ? pair[1] : ""))
        }
    }

    /// At the semicolons outside of quotes.
    private static func split(_ text: String) -> [Substring] {
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
            } else if scalars[index] == ";", !isQuoted {
                parts.append(text[start..<index])
                start = scalars.index(after: index)
            }
        }
        return parts + [text[start...]]
    }

    static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}

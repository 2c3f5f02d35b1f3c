/// What of a challenge's value decides whether it is worth an answer (RFC 7616 section 3.3).
struct ChallengeParameters: Equatable {
    private(set) var realm = ""
    private(set) var nonce = ""
    /// Whether the server says that the credentials were right, and only their nonce too old.
    private(set) var isStale = false

    /// - Parameter value: `Digest realm="a, b", nonce="…"`. What is no parameter is not read.
    init(_ value: String) {
        for part in ChallengeParameters.split(value.drop { $0 != " " }) {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let text = SofiaText.unquoted(ParameterizedValue.trimmed(pair[1]))
            switch ParameterizedValue.trimmed(pair[0]).lowercased() {
            case "realm": realm = text
            case "nonce": nonce = text
            case "stale": isStale = text.lowercased() == "true"
            default: break
            }
        }
    }

    /// At the commas outside of quotes.
    private static func split(_ text: Substring) -> [Substring] {
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
            } else if scalars[index] == ",", !isQuoted {
                parts.append(text[start..<index])
                start = scalars.index(after: index)
            }
        }
        return parts + [text[start...]]
    }
}

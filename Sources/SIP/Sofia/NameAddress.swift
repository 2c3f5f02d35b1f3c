/// The addresses in a header field that Sofia does not parse: P-Asserted-Identity, P-Preferred-Identity (RFC 3325).
enum NameAddress {
    /// The addresses of a list, at most `most`; what is no address is left out.
    static func list(_ text: String, most: Int) -> [SIPParty] {
        Array(split(text).lazy.compactMap { party($0) }.prefix(most))
    }

    /// At the commas that stand neither in a quoted string nor between angle brackets.
    private static func split(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var (start, isQuoted, isEscaped, isBracketed) = (text.startIndex, false, false, false)
        for index in text.unicodeScalars.indices {
            let scalar = text.unicodeScalars[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted {
                if scalar == "\\" { isEscaped = true }
                if scalar == "\"" { isQuoted = false }
            } else if scalar == "\"" {
                isQuoted = !isBracketed
            } else if scalar == "<" || scalar == ">" {
                isBracketed = scalar == "<"
            } else if scalar == ",", !isBracketed {
                parts.append(text[start..<index])
                start = text.unicodeScalars.index(after: index)
            }
        }
        return parts + [text[start...]]
    }

    /// `"Name" <uri>`, `Name <uri>`, `<uri>` or `uri` (RFC 3261 section 25.1, `name-addr` and `addr-spec`).
    private static func party(_ text: Substring) -> SIPParty? {
        let text = trimmed(text)
        guard let open = bracket(in: text) else {
            return SIPParty(uri: String(text.prefix { $0 != ";" && $0 != "?" }), displayName: nil)
        }
        let rest = text.unicodeScalars[text.unicodeScalars.index(after: open)...]
        guard let close = rest.firstIndex(of: ">") else { return nil }
        let name = SofiaText.unquoted(String(trimmed(text[..<open])))
        return SIPParty(uri: String(rest[..<close]), displayName: name.isEmpty ? nil : name)
    }

    /// The `<` behind the display name, which may be a quoted string with one of its own.
    private static func bracket(in text: Substring) -> String.Index? {
        var (isQuoted, isEscaped) = (false, false)
        for index in text.unicodeScalars.indices {
            let scalar = text.unicodeScalars[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, scalar == "\\" {
                isEscaped = true
            } else if scalar == "\"" {
                isQuoted.toggle()
            } else if scalar == "<", !isQuoted {
                return index
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text = text.dropLast() }
        return text
    }
}

extension SIPParty {
    /// Of a `sip:`, `sips:` or `tel:` URI; the number of a `tel:` URI is its user.
    fileprivate init?(uri: String, displayName: String?) {
        guard SIPTarget.isHarmless(uri), uri.utf8.count <= SofiaText.longestField, let colon = uri.firstIndex(of: ":") else {
            return nil
        }
        let rest = uri[uri.index(after: colon)...]
        switch uri[..<colon].lowercased() {
        case "tel":
            let number = rest.prefix { $0 != ";" }
            guard !number.isEmpty else { return nil }
            self.init(uri: uri, user: String(number), host: "", displayName: displayName)
        case "sip", "sips":
            guard let target = SIPTarget("sip:\(rest)") else { return nil }
            let user = rest.firstIndex(of: "@").map { rest[..<$0].prefix { $0 != ":" } } ?? ""
            self.init(uri: uri, user: SofiaText.unescaped(String(user)), host: target.host, displayName: displayName)
        default:
            return nil
        }
    }
}

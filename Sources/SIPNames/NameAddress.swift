/// A URI with the display name before it (RFC 3261 section 25.1, `name-addr`), in headers that Sofia neither reads nor writes, as P-Asserted-Identity
/// (RFC 3325) and Diversion (RFC 5806).
public struct NameAddress: Sendable, Hashable {
    /// Without angle brackets.
    public var uri: String
    /// Without its quotes; nil where there is none.
    public var displayName: String?

    /// Of a `sip:` URI.
    ///
    /// - Parameter user: Without escapes; empty for none.
    public init(user: String, host: String, displayName: String? = nil) {
        uri = "sip:\(user.isEmpty ? "" : SIPURI.escaped(user: user) + "@")\(host)"
        self.displayName = displayName
    }

    private init(uri: String, displayName: String?) {
        self.uri = uri
        self.displayName = displayName
    }

    /// As a header has it: `"Alice" <sip:alice@example.org>`. Control characters are left out of the name.
    public var text: String {
        guard let displayName, !displayName.isEmpty else { return "<\(uri)>" }
        var quoted = ""
        for character in displayName.unicodeScalars where character.value >= 0x20 && character.value != 0x7f {
            if character == "\"" || character == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(character)
        }
        return "\"\(quoted)\" <\(uri)>"
    }

    // MARK: Reading

    /// The addresses of a list, separated by commas; an item that is none is left out. Their URIs are not looked at.
    public static func list(_ text: String) -> some Sequence<NameAddress> {
        split(text).lazy.compactMap(NameAddress.init(item:))
    }

    /// The content of a quoted-string (RFC 3261 section 25.1), or the text itself when it is a token.
    public static func unquoted(_ text: String) -> String {
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
    private init?(item text: Substring) {
        let text = NameAddress.trimmed(text)
        guard let open = NameAddress.bracket(in: text) else {
            self.init(uri: String(text.prefix { $0 != ";" && $0 != "?" }), displayName: nil)
            return
        }
        let rest = text.unicodeScalars[text.unicodeScalars.index(after: open)...]
        guard let close = rest.firstIndex(of: ">") else { return nil }
        let name = NameAddress.unquoted(String(NameAddress.trimmed(text[..<open])))
        self.init(uri: String(rest[..<close]), displayName: name.isEmpty ? nil : name)
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

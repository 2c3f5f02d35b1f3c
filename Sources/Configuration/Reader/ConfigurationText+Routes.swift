// Readers of the words of `routes`, and of patterns and templates wherever they stand.
extension ConfigurationText {
    static func routePattern(_ text: String) throws(Refusal) -> RoutePattern {
        do throws(RouteTextError) {
            return try RoutePattern(parsing: text)
        } catch {
            throw Refusal("\(quoted(text)): \(error.reason)")
        }
    }

    static func template(_ text: String) throws(Refusal) -> RouteTemplate {
        let text = try printable(text, in: 1...256)
        do throws(RouteTextError) {
            return try RouteTemplate(parsing: text)
        } catch {
            throw Refusal("\(quoted(text)): \(error.reason)")
        }
    }

    /// `anyone`, `anonymous`, `user`, `user NAME`, `trunk`, `trunk NAME`.
    static func routeSource(_ text: String) throws(Refusal) -> RouteSource {
        let words = words(of: text)
        switch (words.first, words.count) {
        case ("anyone", 1): return .anyone
        case ("anonymous", 1): return .anonymous
        case ("user", 1): return .anyUser
        case ("user", 2): return .user(try userName(words[1]))
        case ("trunk", 1): return .anyTrunk
        case ("trunk", 2): return .trunk(try userName(words[1]))
        default:
            let hint = Suggestion.hint(for: words.first ?? "", among: ["anyone", "anonymous", "user", "trunk"])
            throw Refusal("\(quoted(text)) is none of anyone, anonymous, user, user NAME, trunk, trunk NAME\(hint)")
        }
    }

    /// A host, or `*.example.org` for all below it.
    static func routeDomain(_ text: String) throws(Refusal) -> RouteDomain {
        guard text.hasPrefix("*.") else { return .exact(RouteDomain.canonical(try host(text))) }
        return .below("." + RouteDomain.canonical(try host(String(text.dropFirst(2)))))
    }

    /// `echo`, `user [NAME]`, `trunk NAME [DIALLED]`, `sip URI`, `reject CODE [PHRASE]`.
    static func routeTarget(_ text: String) throws(Refusal) -> RouteTarget {
        let words = words(of: try printable(text, in: 1...600))
        switch (words.first, words.count) {
        case ("echo", 1): return .echo
        case ("user", 1): return .user(nil)
        case ("user", 2): return .user(try userName(words[1]))
        case ("trunk", 2...3):
            return .trunk(try userName(words[1]), dialled: words.count == 3 ? try template(words[2]) : nil)
        case ("sip", 2): return .sip(try sipTarget(words[1]))
        case ("reject", 2...): return try rejection(words)
        case (let word?, 1) where word.lowercased().hasPrefix("sip:") || word.lowercased().hasPrefix("sips:"):
            throw Refusal("\(quoted(text)) lacks its first word: sip \(shown(word)) is meant")
        default:
            let hint = Suggestion.hint(for: words.first ?? "", among: ["echo", "user", "trunk", "sip", "reject"])
            throw Refusal("\(quoted(text)) is none of echo, user, user NAME, trunk NAME, trunk NAME DIALLED, sip URI, reject CODE\(hint)")
        }
    }

    private static func rejection(_ words: [String]) throws(Refusal) -> RouteTarget {
        let status = try integer(words[1], in: 400...699)
        let phrase = words.dropFirst(2).joined(separator: " ")
        guard phrase.count <= 128 else { throw Refusal("the phrase is longer than 128 characters") }
        return .reject(status, phrase: phrase.isEmpty ? nil : phrase)
    }

    /// `sip:{user}@HOST:PORT;parameters`, or `sips:`.
    static func sipTarget(_ text: String) throws(Refusal) -> RouteTemplate {
        let text = try printable(text, in: 5...512)
        guard let colon = text.firstIndex(of: ":"), ["sip", "sips"].contains(text[..<colon].lowercased()) else {
            throw Refusal("\(quoted(text)) does not start with sip: or sips:")
        }
        guard !text.contains(where: { " <>\"\\^`|".contains($0) }), text.allSatisfy(\.isASCII) else {
            throw Refusal("\(quoted(text)) has a character that no SIP URI has")
        }
        let parts = text[text.index(after: colon)...].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.last.map(String.init) ?? ""
        guard parts.count == 1 || parts.first?.isEmpty == false else { throw Refusal("\(quoted(text)) has nothing before the @") }
        guard !rest.contains(where: { "{}".contains($0) }) else { throw Refusal("placeholders stand before the @") }
        let (name, port) = try hostAndPort(String(rest.prefix { $0 != ";" && $0 != "?" }))
        _ = try host(name)
        guard port != 0 else { throw Refusal("port 0 cannot be called") }
        return try template(text)
    }

    private static func words(of text: String) -> [String] {
        text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
    }
}

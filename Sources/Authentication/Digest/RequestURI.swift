internal import SIPNames

/// Compares the URI of credentials with that of their request.
///
/// They should be the same text (RFC 3261 section 22.4). But phones leave out the port or parameters in one of them, and
/// proxies on the way add or drop them. So scheme, user and host count, and nothing behind the host: that is what says
/// whom the request is for.
enum RequestURI {
    static func areSame(_ first: String, _ second: String) -> Bool {
        first == second || parts(first) == parts(second)
    }

    private struct Parts: Equatable {
        var scheme: String
        var user: String
        var host: String
    }

    private static func parts(_ text: String) -> Parts {
        // Some phones leave the end of a name-addr in it.
        let text = text.hasSuffix(">") ? String(text.dropLast()) : text
        if let uri = SIPURI(text) { return Parts(scheme: uri.isSecure ? "sips" : "sip", user: uri.user ?? "", host: uri.host) }
        if let tel = TelURI(text) { return Parts(scheme: "tel", user: tel.number, host: "") }
        guard let colon = text.firstIndex(of: ":") else { return Parts(scheme: "", user: text, host: "") }
        return Parts(scheme: text[..<colon].lowercased(), user: String(text[text.index(after: colon)...]), host: "")
    }
}

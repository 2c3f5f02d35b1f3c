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

    private static func parts(_ uri: String) -> Parts {
        let uri = Substring(uri)
        guard let colon = uri.firstIndex(of: ":") else { return Parts(scheme: "", user: String(uri), host: "") }
        let scheme = uri[..<colon].lowercased()
        var rest = uri[uri.index(after: colon)...]
        guard scheme == "sip" || scheme == "sips" else {
            // The number of a tel: URI; of any other, all of it.
            return Parts(scheme: scheme, user: String(scheme == "tel" ? rest.prefix { $0 != ";" } : rest), host: "")
        }
        var user = ""
        if let at = rest.firstIndex(of: "@") {
            user = unescaped(rest[..<at].prefix { $0 != ":" })
            rest = rest[rest.index(after: at)...]
        }
        let host = rest.hasPrefix("[") ? rest.prefix { $0 != "]" } : rest.prefix { $0 != ":" && $0 != ";" && $0 != "?" && $0 != ">" }
        return Parts(scheme: scheme, user: user, host: host.lowercased())
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("%") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap(Hexadecimal.value)
            if byte == UInt8(ascii: "%"), digits.count == 2, let high = digits.first, let low = digits.last {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

internal import SIPNames

/// The parts of a `ws://` URL (RFC 6455, section 3).
struct WebSocketURL: Equatable {
    /// A name or an address, without brackets.
    let host: String
    let port: Int
    /// With the query, if there is one.
    let path: String

    /// `host:port` as it goes into the Host header.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    init(_ text: String) throws(WebSocketError) {
        guard let url = WebSocketURL(parsing: text) else { throw .invalidURL(text) }
        self = url
    }

    private init?(parsing text: String) {
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            text.lowercased().hasPrefix("ws://")
        else { return nil }
        var rest = text.dropFirst(5)
        guard !rest.contains("#"), !rest.contains("\"") else { return nil }
        let path = rest.firstIndex { $0 == "/" || $0 == "?" }.map { rest[$0...] } ?? ""
        rest = rest.prefix(rest.count - path.count)
        guard !rest.contains("@") else { return nil }
        let host: Substring
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            guard IPAddress(String(host))?.isIPv6 == true else { return nil }
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(host.count)
            guard !host.isEmpty else { return nil }
        }
        if rest.isEmpty {
            port = 80
        } else {
            guard rest.first == ":", rest.dropFirst().allSatisfy({ ("0"..."9").contains($0) }),
                let number = Int(rest.dropFirst()), (1...65_535).contains(number)
            else { return nil }
            port = number
        }
        self.host = String(host)
        self.path = path.hasPrefix("/") ? String(path) : "/" + path
    }
}

internal import BrowserAPI

/// What a client may dial as a URI.
enum DialledURI {
    /// `uri` if it can stand in a Request-URI: no blanks, no control characters, a host (RFC 3261 section 19.1.1).
    static func checked(_ uri: String) throws(APIError) -> String {
        let isPlain = uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }
        guard isPlain, uri.utf8.count <= 512, !uri.hasSuffix(":"), !uri.hasSuffix("@") else {
            throw APIError(.invalidField, "`dest` must be a SIP URI, as sip:bob@example.com")
        }
        guard uri.lowercased().hasPrefix("sip:") else {
            throw APIError(.notSupported, "`dest`: only sip: URIs can be called yet")
        }
        return withLoopbackAddress(uri)
    }

    /// `localhost` is this machine whatever name servers say (RFC 6761 section 6.3), and Sofia knows only those.
    private static func withLoopbackAddress(_ uri: String) -> String {
        let name = "localhost"
        let start = uri.lastIndex(of: "@").map { uri.index(after: $0) } ?? uri.index(uri.startIndex, offsetBy: 4)
        let host = uri[start...].prefix { !":;?".contains($0) }
        guard host.lowercased() == name else { return uri }
        return uri[..<start] + "127.0.0.1" + uri[host.endIndex...]
    }
}

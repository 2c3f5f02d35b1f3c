internal import BrowserAPI
internal import SIPNames

/// What a client may dial as a URI.
enum DialledURI {
    /// `uri` if it can stand in a Request-URI: no blanks, no control characters, a host (RFC 3261 section 19.1.1).
    static func checked(_ uri: String) throws(APIError) -> String {
        let isPlain = uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }
        guard isPlain, uri.utf8.count <= 512, !uri.hasSuffix(":"), !uri.hasSuffix("@") else {
            throw APIError(.invalidField, "`dest` must be a SIP URI, as sip:bob@example.com")
        }
        guard ["sip", "sips"].contains(uri.prefix { $0 != ":" }.lowercased()) else {
            throw APIError(.notSupported, "`dest`: only sip: and sips: URIs can be called")
        }
        return withLoopbackAddress(uri)
    }

    /// Whether the URI asks for TLS (RFC 3261 sections 19.1.1 and 26.2.2).
    static func needsTLS(_ uri: String) -> Bool { SIPURI(uri)?.needsTLS ?? false }

    /// `localhost` is this machine whatever name servers say (RFC 6761 section 6.3), and Sofia knows only those.
    private static func withLoopbackAddress(_ uri: String) -> String {
        guard let parsed = SIPURI(uri), parsed.host == "localhost" else { return uri }
        return parsed.replacingHost(with: "127.0.0.1")
    }
}

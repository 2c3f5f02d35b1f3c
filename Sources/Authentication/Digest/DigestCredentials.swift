internal import SIPNames

/// What a client answers to a challenge: `Digest` credentials of Authorization or Proxy-Authorization (RFC 7616 section 3.4).
public struct DigestCredentials: Sendable, Hashable {
    /// What was hashed in besides password and nonce, when quality of protection is used.
    public struct Protection: Sendable, Hashable {
        /// `auth`; in lower case.
        public var quality: String
        /// How often the nonce was used, this time included, as eight hexadecimal digits.
        public var count: String
        /// The client's own nonce.
        public var clientNonce: String

        public init(quality: String = "auth", count: String, clientNonce: String) {
            self.quality = quality
            self.count = count
            self.clientNonce = clientNonce
        }
    }

    public var username: String
    public var realm: String
    public var nonce: String
    public var uri: String
    /// The proof, in hexadecimal digits.
    public var response: String
    public var opaque: String?
    /// As it was written, as it may be one that is not known; nil when it was left out, which means MD5.
    public var algorithm: String?
    /// Nil for a client of RFC 2069.
    public var protection: Protection?

    public init(
        username: String, realm: String, nonce: String, uri: String, response: String, opaque: String? = nil,
        algorithm: String? = nil, protection: Protection? = nil
    ) {
        self.username = username
        self.realm = realm
        self.nonce = nonce
        self.uri = uri
        self.response = response
        self.opaque = opaque
        self.algorithm = algorithm
        self.protection = protection
    }

    /// The digest credentials of a header; those of other schemes are left out.
    /// - Throws: ``AuthenticationError/header(_:)`` when the text is no header, or a `Digest` lacks what it must have.
    public static func parse(_ text: String) throws(AuthenticationError) -> [DigestCredentials] {
        var found: [DigestCredentials] = []
        for header in try AuthenticationHeader.parse(text) where header.isScheme("Digest") {
            found.append(try DigestCredentials(header))
        }
        return found
    }

    private init(_ header: AuthenticationHeader) throws(AuthenticationError) {
        guard let username = header["username"], let realm = header["realm"], let nonce = header["nonce"],
            let uri = header["uri"], let response = header["response"]
        else { throw .header("username, realm, nonce, uri or response is missing") }
        self.init(
            username: username, realm: realm, nonce: nonce, uri: uri, response: response, opaque: header["opaque"],
            algorithm: header["algorithm"])
        guard let quality = header["qop"] else { return }
        guard let count = header["nc"], let clientNonce = header["cnonce"] else { throw .header("qop needs nc and cnonce") }
        protection = Protection(quality: quality.lowercased(), count: count, clientNonce: clientNonce)
    }

    /// As it goes into a header.
    public var text: String {
        var parts = [
            HeaderText.quoted("username", username),
            HeaderText.quoted("realm", realm),
            HeaderText.quoted("nonce", nonce),
            HeaderText.quoted("uri", uri),
            HeaderText.quoted("response", response),
        ]
        if let algorithm { parts.append("algorithm=\(algorithm)") }
        if let protection {
            parts.append(HeaderText.quoted("cnonce", protection.clientNonce))
            parts.append("qop=\(protection.quality)")
            parts.append("nc=\(protection.count)")
        }
        if let opaque { parts.append(HeaderText.quoted("opaque", opaque)) }
        return "Digest " + parts.joined(separator: ", ")
    }
}

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

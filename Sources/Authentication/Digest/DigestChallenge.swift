/// What a server asks for: a `Digest` challenge of WWW-Authenticate or Proxy-Authenticate (RFC 7616 section 3.3).
public struct DigestChallenge: Sendable, Hashable {
    public var realm: String
    public var nonce: String
    /// Comes back in the credentials as it is.
    public var opaque: String?
    /// Whether only the nonce of the credentials was too old.
    public var isStale = false
    public var algorithm: DigestAlgorithm
    /// Whether each use of the nonce hashes in what the session began with (`MD5-sess`, `SHA-256-sess`).
    public var isSession = false
    /// The qualities of protection that are offered, in lower case; empty for a server of RFC 2069.
    public var qualities: [String] = ["auth"]

    public init(realm: String, nonce: String, algorithm: DigestAlgorithm) {
        self.realm = realm
        self.nonce = nonce
        self.algorithm = algorithm
    }

    /// The usable challenges of a header. What is no digest, or of an algorithm that is not known, is left out.
    /// - Throws: ``AuthenticationError/header(_:)`` for a text that is no header.
    public static func parse(_ text: String) throws(AuthenticationError) -> [DigestChallenge] {
        try AuthenticationHeader.parse(text).compactMap(DigestChallenge.init)
    }

    private init?(_ header: AuthenticationHeader) {
        guard header.isScheme("Digest"), let realm = header["realm"], let nonce = header["nonce"],
            let (algorithm, isSession) = DigestAlgorithm.named(header["algorithm"] ?? "MD5")
        else { return nil }
        self.init(realm: realm, nonce: nonce, algorithm: algorithm)
        self.isSession = isSession
        opaque = header["opaque"]
        isStale = header["stale"]?.lowercased() == "true"
        qualities = (header["qop"] ?? "").lowercased().split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
    }

    /// As it goes into a header.
    public var text: String {
        "Digest " + [
            HeaderText.quoted("realm", realm),
            HeaderText.quoted("nonce", nonce),
            opaque.map { HeaderText.quoted("opaque", $0) },
            isStale ? "stale=true" : nil,
            "algorithm=\(algorithm.name(isSession: isSession))",
            qualities.isEmpty ? nil : HeaderText.quoted("qop", qualities.joined(separator: ",")),
        ].compactMap { $0 }.joined(separator: ", ")
    }
}

/// Answers challenges in our own requests, towards a trunk or a registrar (RFC 7616 section 3.4, RFC 3261 section 22.3).
///
/// It keeps the nonce of each realm and how often it was used, so that later requests can carry credentials without being asked first.
public struct DigestClient: Sendable {
    private let username: String
    private let credential: Credential
    private let realm: String?
    /// What was answered last, of each realm: a proxy and the server behind it ask in turn.
    private var sessions: [String: Session] = [:]
    /// The realm that was answered last.
    private var lastRealm: String?
    private let makeClientNonce: @Sendable () -> String
    /// More realms are not remembered.
    private static let mostRealms = 8

    private struct Session {
        var challenge: DigestChallenge
        var count: UInt32 = 0
        /// Stays for as long as the server's nonce does, as the variants for a session want it.
        let clientNonce: String
    }

    /// - Parameter realm: Challenges of other realms are not answered; nil answers any. Hashes in place of a password are
    ///   for one realm, and should name it.
    public init(username: String, credential: Credential, realm: String? = nil) {
        self.init(username: username, credential: credential, realm: realm) {
            Hexadecimal.text((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        }
    }

    init(username: String, credential: Credential, realm: String?, makeClientNonce: @escaping @Sendable () -> String) {
        self.username = username
        self.credential = credential
        self.realm = realm
        self.makeClientNonce = makeClientNonce
    }

    /// Credentials in answer to challenges.
    ///
    /// - Parameters:
    ///   - headers: WWW-Authenticate or Proxy-Authenticate headers, each without its name.
    ///   - uri: The Request-URI.
    /// - Returns: An Authorization or Proxy-Authorization header; nil when none of the challenges can be answered: another
    ///   scheme or realm, an algorithm without hash, `auth-int` alone.
    public mutating func authorization(for headers: [String], method: String, uri: String) -> String? {
        guard let best = best(of: headers) else { return nil }
        if sessions[best.realm]?.challenge.nonce == best.nonce {
            sessions[best.realm]?.challenge = best
        } else {
            if sessions[best.realm] == nil, sessions.count >= DigestClient.mostRealms { sessions = [:] }
            sessions[best.realm] = Session(challenge: best, clientNonce: makeClientNonce())
        }
        lastRealm = best.realm
        return authorization(method: method, uri: uri)
    }

    /// Credentials for a further request, by the challenge that was answered last; nil before there was one.
    public mutating func authorization(method: String, uri: String) -> String? {
        guard let lastRealm, var session = sessions[lastRealm], session.count < .max,
            let ha1 = credential.ha1(session.challenge.algorithm, user: username, realm: lastRealm)
        else { return nil }
        session.count += 1
        sessions[lastRealm] = session
        let challenge = session.challenge
        var protection: DigestCredentials.Protection?
        if challenge.qualities.contains("auth") {
            let digits = String(session.count, radix: 16)
            protection = .init(count: String(repeating: "0", count: 8 - digits.count) + digits, clientNonce: session.clientNonce)
        }
        let response = DigestResponse(
            algorithm: challenge.algorithm, isSession: challenge.isSession, ha1: ha1, nonce: challenge.nonce,
            protection: protection, method: method, uri: uri)
        return DigestCredentials(
            username: username, realm: challenge.realm, nonce: challenge.nonce, uri: uri, response: response.text,
            opaque: challenge.opaque, algorithm: challenge.algorithm.name(isSession: challenge.isSession),
            protection: protection
        ).text
    }

    private func best(of headers: [String]) -> DigestChallenge? {
        let usable = headers.prefix(8).flatMap { (try? DigestChallenge.parse($0)) ?? [] }.filter { challenge in
            (realm == nil || realm == challenge.realm) && credential.algorithms.contains(challenge.algorithm)
                && (challenge.qualities.contains("auth") || (challenge.qualities.isEmpty && !challenge.isSession))
        }
        for algorithm in DigestAlgorithm.byStrength {
            if let found = usable.first(where: { $0.algorithm == algorithm }) { return found }
        }
        return nil
    }
}

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

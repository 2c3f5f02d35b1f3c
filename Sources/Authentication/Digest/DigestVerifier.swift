/// Checks who sent a request, by digest authentication (RFC 7616, RFC 8760, RFC 3261 section 22).
///
/// It decides and keeps the counts of nonces; what is answered to a request is its user's to do: 401 with
/// ``challenges(realm:binding:now:stale:algorithms:)``, or 407 for a proxy.
public struct DigestVerifier: Sendable {
    /// What came of it.
    public enum Verdict: Sendable, Hashable {
        /// It is this user: password, nonce and count are right.
        case valid(String)
        /// There are no credentials for this realm that a decision could rest on: none at all or none that can be read, or their
        /// nonce is none of ours, was made for another client, or was used so before. No sign of a wrong password, and nothing
        /// that counts against the source address, which may be forged.
        /// - Parameter stale: Whether the challenge may say so: the nonce was ours.
        case challenge(stale: Bool)
        /// The credentials are wrong. Counts as a failure; a fresh challenge or 403 is the answer.
        case refused(Refusal)
    }

    /// Why credentials are refused. For the log, not for the answer.
    public enum Refusal: String, Sendable, Hashable {
        case malformed = "the credentials are malformed"
        case unsupported = "an algorithm or quality of protection that was not offered"
        case uri = "the credentials are for another URI"
        case unknownUser = "no such user"
        case wrongPassword = "a wrong password"
    }

    /// Most credentials of a request that are looked at.
    private static let maximumCredentials = 8

    private var nonces: NonceAuthority

    public init(nonces: NonceAuthority) {
        self.nonces = nonces
    }

    /// The challenges to send, one a header, the strongest first (RFC 8760 section 2.6).
    /// - Parameters:
    ///   - binding: As in ``verify(_:method:uri:realm:binding:now:account:)``.
    ///   - algorithms: What the accounts have hashes for, see ``algorithms(for:)``.
    public func challenges(
        realm: String, binding: String = "", now: ContinuousClock.Instant, stale: Bool = false,
        algorithms: [DigestAlgorithm] = DigestAlgorithm.byStrength
    ) -> [String] {
        let nonce = nonces.make(for: binding, now: now)
        return DigestAlgorithm.byStrength.filter(algorithms.contains).map { algorithm in
            var challenge = DigestChallenge(realm: realm, nonce: nonce, algorithm: algorithm)
            challenge.isStale = stale
            return challenge.text
        }
    }

    /// The algorithms that each of the accounts can be verified with. A phone takes the strongest that is offered: one account
    /// that has only a hash for MD5 makes that the one to offer. Where they have none in common, all that some have.
    public static func algorithms(for accounts: some Sequence<Account>) -> [DigestAlgorithm] {
        var (common, any) = (Set(DigestAlgorithm.allCases), Set<DigestAlgorithm>())
        for account in accounts {
            common.formIntersection(account.credential.algorithms)
            any.formUnion(account.credential.algorithms)
        }
        return DigestAlgorithm.byStrength.filter((common.isEmpty ? any : common).contains)
    }

    /// Decides on a request.
    ///
    /// - Parameters:
    ///   - headers: Its Authorization (or Proxy-Authorization) headers, each without its name.
    ///   - uri: The Request-URI. The credentials' own must have its scheme, user and host, see ``RequestURI``.
    ///   - binding: For whom nonces are made, the same as for the challenges: as a rule the source address without port.
    ///   - account: Finds an account by the name in the credentials.
    public mutating func verify(
        _ headers: [String], method: String, uri: String, realm: String, binding: String = "",
        now: ContinuousClock.Instant, account: (String) -> Account?
    ) -> Verdict {
        for header in headers.prefix(Self.maximumCredentials) {
            // What cannot be read has no nonce that would tell whose fault it is.
            guard let credentials = (try? DigestCredentials.parse(header))?.first(where: { $0.realm == realm }) else { continue }
            return verify(credentials, method: method, uri: uri, binding: binding, now: now, account: account)
        }
        return .challenge(stale: false)
    }

    /// Whether a request brings credentials that a decision could rest on: with a nonce that was made for its sender. Takes no notice of them.
    public func hasCredentials(_ headers: [String], realm: String, binding: String = "", now: ContinuousClock.Instant) -> Bool {
        headers.prefix(Self.maximumCredentials).contains { header in
            guard let credentials = (try? DigestCredentials.parse(header))?.first(where: { $0.realm == realm }) else { return false }
            switch nonces.standing(of: credentials.nonce, for: binding, now: now) {
            case .good, .stale: return true
            case .foreign, .forged: return false
            }
        }
    }

    private mutating func verify(
        _ credentials: DigestCredentials, method: String, uri: String, binding: String, now: ContinuousClock.Instant,
        account: (String) -> Account?
    ) -> Verdict {
        let standing = nonces.standing(of: credentials.nonce, for: binding, now: now)
        let issued: IssuedNonce
        switch standing {
        case .forged: return .challenge(stale: false)
        // Before the proof is looked at, right or wrong: the source address may be forged, and its owner is not to pay for it.
        case .foreign: return .challenge(stale: true)
        case .good(let nonce), .stale(let nonce): issued = nonce
        }
        guard let (algorithm, isSession) = DigestAlgorithm.named(credentials.algorithm ?? "MD5"), !isSession,
            credentials.protection.map({ $0.quality == "auth" }) ?? true
        else { return .refused(.unsupported) }
        var count: UInt32?
        if let protection = credentials.protection {
            guard let number = Self.number(protection.count) else { return .refused(.malformed) }
            count = number
        }
        guard RequestURI.areSame(credentials.uri, uri) else { return .refused(.uri) }

        // An unknown user costs the same hashes as a known one.
        let known = account(credentials.username)
        let user = known ?? Account(name: credentials.username, credential: .password(Secret("")))
        guard let ha1 = user.credential.ha1(algorithm, user: user.name, realm: credentials.realm) else {
            return .refused(.unsupported)
        }
        let expected = DigestResponse(
            algorithm: algorithm, ha1: ha1, nonce: credentials.nonce, protection: credentials.protection, method: method,
            uri: credentials.uri)
        let isRight = Secret(expected.text).matches(credentials.response.lowercased())
        guard let known else { return .refused(.unknownUser) }
        guard isRight else { return .refused(.wrongPassword) }
        // Only now: whether a nonce is stale is told to who knows the password, or guesses would not count as failures.
        guard case .good = standing, nonces.use(issued, count: count, now: now) else { return .challenge(stale: true) }
        return .valid(known.name)
    }

    /// The value of `nc`, of which some clients leave out the leading zeros.
    private static func number(_ digits: String) -> UInt32? {
        guard (1...8).contains(digits.utf8.count), digits.utf8.allSatisfy({ Hexadecimal.value($0) != nil }),
            let number = UInt32(digits, radix: 16), number > 0
        else { return nil }
        return number
    }
}

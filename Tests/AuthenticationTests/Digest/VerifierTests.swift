@testable import Authentication
import Testing

@Suite("Digest authentication of a request")
final class VerifierTests {
    private let start = ContinuousClock.now
    private let realm = "tern.example.org"
    private let uri = "sip:tern.example.org"
    private lazy var verifier = DigestVerifier(nonces: NonceAuthority(now: start))

    private func account(_ name: String) -> Account? {
        switch name {
        case "alice": Account(name: name, credential: .password(Secret("wonderland")))
        case "hashed": Account(name: name, credential: .ha1(PasswordEntry(user: name, realm: realm, password: Secret("pw"))))
        case "old":
            Account(
                name: name,
                credential: .ha1(PasswordEntry(user: name, realm: realm, password: Secret("pw"), algorithms: [.md5])))
        default: nil
        }
    }

    private func client(_ name: String = "alice", _ password: String = "wonderland") -> DigestClient {
        DigestClient(username: name, credential: .password(Secret(password)), realm: realm)
    }

    private func verify(
        _ headers: String?..., method: String = "REGISTER", uri: String? = nil, binding: String = "", after: Duration = .zero
    ) -> DigestVerifier.Verdict {
        verifier.verify(
            headers.compactMap { $0 }, method: method, uri: uri ?? self.uri, realm: realm, binding: binding, now: start + after,
            account: account)
    }

    private func challenges(
        _ algorithms: [DigestAlgorithm] = DigestAlgorithm.byStrength, binding: String = "", after: Duration = .zero
    ) -> [String] {
        verifier.challenges(realm: realm, binding: binding, now: start + after, algorithms: algorithms)
    }

    /// Credentials with a part changed after they were made.
    private func changed(_ header: String?, _ change: (inout DigestCredentials) -> Void) throws -> String {
        let text = try #require(header)
        var credentials = try #require(try DigestCredentials.parse(text).first)
        change(&credentials)
        return credentials.text
    }

    @Test("SHA-256 is offered before MD5, with the same nonce")
    func offer() throws {
        let challenges = challenges()
        let parsed = try challenges.flatMap(DigestChallenge.parse)
        #expect(parsed.map(\.algorithm) == [.sha256, .md5])
        #expect(parsed[0].nonce == parsed[1].nonce)
        #expect(parsed.allSatisfy { $0.realm == realm && $0.qualities == ["auth"] && !$0.isStale })
        #expect(verifier.challenges(realm: realm, now: start, stale: true).allSatisfy { $0.contains("stale=true") })
    }

    @Test("the right password is valid with each algorithm, also against hashes", arguments: ["alice", "hashed", "old"])
    func valid(name: String) throws {
        for algorithm in try #require(account(name)).credential.algorithms {
            var client = client(name, name == "alice" ? "wonderland" : "pw")
            let header = client.authorization(for: challenges([algorithm]), method: "REGISTER", uri: uri)
            #expect(try #require(header).contains("algorithm=\(algorithm.rawValue)"))
            #expect(verify(header) == .valid(name))
        }
    }

    @Test("a nonce serves for many requests with a rising count, each of them once")
    func reuse() {
        var client = client()
        let first = client.authorization(for: challenges(), method: "REGISTER", uri: uri)
        #expect(verify(first) == .valid("alice"))
        let second = client.authorization(method: "INVITE", uri: "sip:bob@tern.example.org")
        #expect(verify(second, method: "INVITE", uri: "sip:bob@tern.example.org", after: .seconds(299)) == .valid("alice"))
        #expect(verify(first) == .challenge(stale: true))
        #expect(verify(second, method: "INVITE", uri: "sip:bob@tern.example.org") == .challenge(stale: true))
        #expect(verify(client.authorization(method: "REGISTER", uri: uri)) == .valid("alice"))
    }

    @Test("no credentials, those of another realm or scheme, and forged nonces are challenged, and not as stale")
    func challenged() throws {
        #expect(verify() == .challenge(stale: false))
        #expect(verify("Basic YWxpY2U6d29uZGVybGFuZA==") == .challenge(stale: false))
        var client = client()
        let header = client.authorization(for: challenges(), method: "REGISTER", uri: uri)
        #expect(verify(try changed(header) { $0.realm = "elsewhere" }) == .challenge(stale: false))
        #expect(verify(try changed(header) { $0.nonce = "0123456789abcdef" }) == .challenge(stale: false))
        #expect(verify(try changed(header) { $0.nonce = "" }) == .challenge(stale: false))
        // Those of this realm count, wherever they stand.
        #expect(verify("Basic YTpi", try changed(header) { $0.realm = "elsewhere" }, header) == .valid("alice"))
    }

    @Test("a nonce that is too old is stale for who knows the password, and a failure for who does not")
    func stale() {
        var (right, wrong) = (client(), client("alice", "guess"))
        let challenges = challenges()
        let late = Duration.seconds(300)
        #expect(verify(right.authorization(for: challenges, method: "REGISTER", uri: uri), after: late) == .challenge(stale: true))
        #expect(verify(wrong.authorization(for: challenges, method: "REGISTER", uri: uri), after: late) == .refused(.wrongPassword))
    }

    @Test("a nonce that was made for another source is stale, and tells neither that a password is right nor that it is wrong")
    func bound() {
        var (right, wrong) = (client(), client("alice", "guess"))
        let challenges = challenges(binding: "192.0.2.1")
        let header = right.authorization(for: challenges, method: "REGISTER", uri: uri)
        #expect(verify(header, binding: "192.0.2.2") == .challenge(stale: true))
        let guess = wrong.authorization(for: challenges, method: "REGISTER", uri: uri)
        #expect(verify(guess, binding: "192.0.2.2") == .challenge(stale: true))
        #expect(verify(guess, method: "INVITE", uri: "sip:x@y", binding: "192.0.2.2") == .challenge(stale: true))
        #expect(verify(header, binding: "192.0.2.1") == .valid("alice"))
    }

    @Test("a wrong password and an unknown user are refused")
    func wrong() throws {
        for (name, password, refusal) in [
            ("alice", "wonderlan", .wrongPassword), ("alice", "", .wrongPassword), ("mallory", "wonderland", .unknownUser),
            ("mallory", "", .unknownUser), ("hashed", "wonderland", .wrongPassword),
        ] as [(String, String, DigestVerifier.Refusal)] {
            var client = client(name, password)
            #expect(verify(client.authorization(for: challenges(), method: "REGISTER", uri: uri)) == .refused(refusal))
        }
    }

    @Test("a proof for another method, URI, count or nonce is refused")
    func taken() throws {
        var client = client()
        let header = client.authorization(for: challenges(), method: "REGISTER", uri: uri)
        let other = try #require(try DigestChallenge.parse(challenges()[0]).first).nonce
        #expect(verify(header, method: "INVITE") == .refused(.wrongPassword))
        #expect(verify(header, uri: "sip:elsewhere.example.org") == .refused(.uri))
        #expect(verify(try changed(header) { $0.uri += ";x" }) == .refused(.wrongPassword))
        #expect(verify(try changed(header) { $0.protection?.count = "00000002" }) == .refused(.wrongPassword))
        #expect(verify(try changed(header) { $0.protection?.clientNonce = "x" }) == .refused(.wrongPassword))
        #expect(verify(try changed(header) { $0.protection = nil }) == .refused(.wrongPassword))
        #expect(verify(try changed(header) { $0.nonce = other }) == .refused(.wrongPassword))
        #expect(verify(try changed(header) { $0.algorithm = "MD5" }) == .refused(.wrongPassword))
        for response in ["", "0", String(repeating: "0", count: 64), "ü"] {
            #expect(verify(try changed(header) { $0.response = response }) == .refused(.wrongPassword))
        }
        #expect(verify(header) == .valid("alice"))
    }

    @Test("an algorithm or quality that was not offered, and a count that is none, are refused")
    func unsupported() throws {
        var client = client()
        let header = client.authorization(for: challenges(), method: "REGISTER", uri: uri)
        for name in ["SHA-512-256", "SHA-256-sess", "MD5-sess", "none", ""] {
            #expect(verify(try changed(header) { $0.algorithm = name.isEmpty ? "\"\"" : name }) == .refused(.unsupported))
        }
        #expect(verify(try changed(header) { $0.protection?.quality = "auth-int" }) == .refused(.unsupported))
        for count in ["00000000", "000000001", "x", "0000000g", "+1"] {
            #expect(verify(try changed(header) { $0.protection?.count = count }) == .refused(.malformed))
        }
        var old = self.client("old", "pw")
        #expect(verify(old.authorization(for: challenges(), method: "REGISTER", uri: uri)) == .refused(.unsupported))
    }

    @Test("credentials that cannot be read are challenged, unless others serve", arguments: ["Digest username=\"alice", "Digest x=y", "\u{0}"])
    func malformed(text: String) {
        #expect(verify(text) == .challenge(stale: false))
        var client = client()
        #expect(verify(text, client.authorization(for: challenges(), method: "REGISTER", uri: uri)) == .valid("alice"))
    }

    @Test("a client of RFC 2069 may use a nonce once")
    func old() throws {
        var challenge = try #require(try DigestChallenge.parse(challenges([.md5])[0]).first)
        challenge.qualities = []
        var client = client()
        let header = client.authorization(for: [challenge.text], method: "REGISTER", uri: uri)
        #expect(try #require(header).contains("qop") == false)
        #expect(verify(header) == .valid("alice"))
        #expect(verify(header) == .challenge(stale: true))
    }

    @Test("what all accounts can be verified with is offered")
    func algorithms() throws {
        func algorithms(_ names: String...) -> [DigestAlgorithm] { DigestVerifier.algorithms(for: names.compactMap(account)) }
        #expect(algorithms() == [.sha256, .md5])
        #expect(algorithms("alice", "hashed") == [.sha256, .md5])
        #expect(algorithms("alice", "old") == [.md5])
        let new = Account(
            name: "new", credential: .ha1(PasswordEntry(user: "new", realm: realm, password: Secret("x"), algorithms: [.sha256])))
        #expect(DigestVerifier.algorithms(for: [new, try #require(account("old"))]) == [.sha256, .md5])
    }

    @Test(
        "the URI of credentials may differ from the request's behind the host",
        arguments: [
            ("sip:tern.example.org", "sip:tern.example.org:5060", true), ("SIP:Tern.Example.ORG;transport=tcp", "sip:tern.example.org", true),
            ("sip:bob@h", "sip:bob@h:5061;transport=tls?x=y", true), ("sip:b%6Fb@h", "sip:bob@h", true), ("sip:bob:pw@h", "sip:bob@h", true),
            ("sip:[2001:db8::1]:5060", "sip:[2001:DB8::1]", true), ("tel:+1;x=y", "tel:+1", true), ("x", "x", true),
            ("sip:bob@h", "sip:alice@h", false), ("sip:bob@h", "sip:Bob@h", false), ("sip:bob@h", "sips:bob@h", false),
            ("sip:bob@h", "sip:bob@h2", false), ("sip:h", "sip:bob@h", false), ("sip:[2001:db8::1]", "sip:[2001:db8::2]", false),
            ("tel:+1", "tel:+2", false), ("", "sip:h", false), ("*", "sip:h", false), ("sip:b%6@h", "sip:b@h", false), ("sip:", "sip:h", false),
        ])
    func uris(first: String, second: String, areSame: Bool) {
        #expect(RequestURI.areSame(first, second) == areSame)
        #expect(RequestURI.areSame(second, first) == areSame)
    }
}

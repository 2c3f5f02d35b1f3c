@testable import Authentication
import Testing

@Suite("Answering challenges")
struct ClientTests {
    private func client(realm: String? = nil, _ credential: Credential = .password(Secret("secret"))) -> DigestClient {
        DigestClient(username: "tern", credential: credential, realm: realm) { "cnonce" }
    }

    private func credentials(_ header: String?) throws -> DigestCredentials {
        let text = try #require(header)
        return try #require(try DigestCredentials.parse(text).first)
    }

    @Test("the strongest algorithm is chosen, wherever it stands")
    func strongest() throws {
        var client = client()
        let header = client.authorization(
            for: [#"Digest realm="r", nonce="1", qop="auth""#, #"Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth,auth-int""#],
            method: "REGISTER", uri: "sip:r")
        let credentials = try credentials(header)
        #expect(credentials.algorithm == "SHA-256")
        #expect(credentials.nonce == "2")
        #expect(credentials.protection == .init(quality: "auth", count: "00000001", clientNonce: "cnonce"))
    }

    @Test("the count rises with each use of a nonce, and begins anew with another")
    func counting() throws {
        var client = client()
        func challenge(_ nonce: String) -> [String] { [#"Digest realm="r", nonce="\#(nonce)", qop=auth, opaque="o""#] }
        #expect(client.authorization(method: "INVITE", uri: "sip:a@r") == nil)
        #expect(try credentials(client.authorization(for: challenge("1"), method: "INVITE", uri: "sip:a@r")).protection?.count == "00000001")
        let second = try credentials(client.authorization(method: "INVITE", uri: "sip:a@r"))
        #expect(second.protection?.count == "00000002")
        #expect(second.opaque == "o")
        #expect(try credentials(client.authorization(for: challenge("1"), method: "INVITE", uri: "sip:a@r")).protection?.count == "00000003")
        #expect(try credentials(client.authorization(for: challenge("2"), method: "INVITE", uri: "sip:a@r")).protection?.count == "00000001")
    }

    @Test(
        "a challenge that cannot be answered is not",
        arguments: [
            [], ["Basic realm=\"r\""], [#"Digest realm="r", nonce="1", algorithm=SHA-512-256, qop="auth""#],
            [#"Digest realm="r", nonce="1", qop="auth-int""#], [#"Digest realm="other", nonce="1", qop="auth""#],
            [#"Digest realm="r", nonce="1", algorithm=MD5-sess"#], ["Digest realm=\"r"],
            [#"Digest realm="r""#],
        ])
    func unusable(headers: [String]) {
        var client = client(realm: "r")
        #expect(client.authorization(for: headers, method: "REGISTER", uri: "sip:r") == nil)
    }

    @Test("hashes in place of a password answer the algorithms that they are for")
    func hashes() throws {
        let entry = PasswordEntry(user: "tern", realm: "r", password: Secret("secret"), algorithms: [.md5])
        let challenges = [
            #"Digest realm="r", nonce="1", algorithm=SHA-256, qop="auth""#, #"Digest realm="r", nonce="1", algorithm=MD5, qop="auth""#,
        ]
        var (hashed, plain) = (client(.ha1(entry)), client())
        let header = hashed.authorization(for: challenges, method: "REGISTER", uri: "sip:r")
        #expect(try credentials(header).algorithm == "MD5")
        #expect(header == plain.authorization(for: [challenges[1]], method: "REGISTER", uri: "sip:r"))
    }

    @Test("a session's hash is made with the nonces that it began with")
    func session() throws {
        var client = client()
        let header = client.authorization(
            for: [#"Digest realm="r", nonce="1", algorithm=SHA-256-sess, qop="auth""#], method: "REGISTER", uri: "sip:r")
        let expected = DigestResponse(
            algorithm: .sha256, isSession: true, ha1: DigestAlgorithm.sha256.ha1(user: "tern", realm: "r", password: Secret("secret")),
            nonce: "1", protection: .init(count: "00000001", clientNonce: "cnonce"), method: "REGISTER", uri: "sip:r")
        #expect(try credentials(header).response == expected.text)
        #expect(try credentials(header).algorithm == "SHA-256-sess")
    }

    @Test("a proxy and a server that ask in turn each have their nonce and its count")
    func realms() throws {
        var client = client(realm: nil)
        func challenge(_ realm: String) -> [String] { [#"Digest realm="\#(realm)", nonce="\#(realm)1", qop="auth""#] }
        for count in 1...3 {
            for realm in ["proxy", "server"] {
                let answer = try credentials(client.authorization(for: challenge(realm), method: "REGISTER", uri: "sip:r"))
                #expect(answer.realm == realm && answer.nonce == realm + "1")
                #expect(answer.protection?.count == "0000000\(count)")
            }
        }
    }

    @Test("a server that asks for ever another realm does not have all of them remembered")
    func manyRealms() throws {
        var client = client(realm: nil)
        func count(_ realm: Int) throws -> String? {
            try credentials(
                client.authorization(for: [#"Digest realm="\#(realm)", nonce="1", qop="auth""#], method: "REGISTER", uri: "sip:r")).protection?.count
        }
        for realm in 0..<8 { #expect(try count(realm) == "00000001") }
        #expect(try count(0) == "00000002")
        #expect(try count(8) == "00000001")
        #expect(try count(0) == "00000001")
    }
}

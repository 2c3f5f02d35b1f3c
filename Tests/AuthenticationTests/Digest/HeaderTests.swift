@testable import Authentication
import TestRandom
import Testing

@Suite("Authentication headers")
struct HeaderTests {
    @Test("credentials as phones write them are read, whatever the case, the order and the space")
    func credentials() throws {
        let text = #"dIgEsT USERNAME = "al\"ice" ,realm="tern.example.org", nonce="abc=",uri="sip:tern.example.org;transport=tcp", "#
            + "\r\n response=\"00ff\",algorithm=sha-256 , qop=auth,NC=00000001,cnonce=\"x,y\",opaque=\"\""
        let found = try DigestCredentials.parse(text)
        #expect(found == [
            DigestCredentials(
                username: "al\"ice", realm: "tern.example.org", nonce: "abc=", uri: "sip:tern.example.org;transport=tcp",
                response: "00ff", opaque: "", algorithm: "sha-256",
                protection: .init(count: "00000001", clientNonce: "x,y"))
        ])
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        let credentials = DigestCredentials(
            username: #"a "quoted" \ name"#, realm: "r ü", nonce: "n", uri: "sip:bob@example.org", response: "ff", opaque: "o",
            algorithm: "MD5", protection: .init(count: "0000000a", clientNonce: "c"))
        #expect(try DigestCredentials.parse(credentials.text) == [credentials])
        var challenge = DigestChallenge(realm: #"a "b" \c"#, nonce: "n/+=", algorithm: .sha256)
        challenge.opaque = "o"
        challenge.isStale = true
        challenge.isSession = true
        challenge.qualities = ["auth", "auth-int"]
        #expect(try DigestChallenge.parse(challenge.text) == [challenge])
    }

    @Test("several challenges in one header are told apart, and other schemes are passed over")
    func several() throws {
        let text = #"Negotiate, Basic realm="x", Digest realm="a", nonce="1", qop="auth,auth-int", Bearer abc==, "#
            + #"Digest nonce=2 , realm=b, algorithm=MD5-sess, stale=TRUE, NTLM TlRM="#
        let found = try DigestChallenge.parse(text)
        #expect(found.map(\.realm) == ["a", "b"])
        #expect(found.map(\.qualities) == [["auth", "auth-int"], []])
        #expect(found.map(\.isSession) == [false, true])
        #expect(found.map(\.isStale) == [false, true])
    }

    @Test("a challenge with an algorithm that is not known is passed over, one without is MD5")
    func algorithms() throws {
        #expect(try DigestChallenge.parse(#"Digest realm="a", nonce="1", algorithm=SHA-512-256"#).isEmpty)
        #expect(try DigestChallenge.parse(#"Digest realm="a", nonce="1""#).map(\.algorithm) == [.md5])
        #expect(try DigestChallenge.parse(#"Digest realm="a""#).isEmpty)
    }

    @Test(
        "a text that is no header is refused",
        arguments: [
            "", " ", ",,,", "\"", "Digest username=\"alice", "Digest username=\"alice\\", "Digest a=\"b\" c=\"d\"",
            "Digest realm=\"a\", realm=\"b\"", "Digest a=\"b\", A=c", "Digest a=\"\u{0}\"", "Digest a=\"b\nc\"", "Digest a=(", "=", "=a",
            "Digest a=\"x\", =y", "Digest {}", "Digest a=\"\\\u{1}\"",
            "Digest " + (0..<40).map { "p\($0)=1" }.joined(separator: ","), String(repeating: "A,", count: 40),
            "Digest a=\"" + String(repeating: "x", count: 4_096) + "\"",
        ])
    func refused(text: String) {
        #expect(throws: AuthenticationError.self) { try AuthenticationHeader.parse(text) }
    }

    @Test(
        "credentials that lack what they must have are refused",
        arguments: [
            "Digest", "Digest username=\"a\"", #"Digest username="a",realm="r",nonce="n",uri="u""#,
            #"Digest username="a",realm="r",nonce="n",uri="u",response="1",qop=auth,nc=1"#,
        ])
    func incomplete(text: String) {
        #expect(throws: AuthenticationError.self) { try DigestCredentials.parse(text) }
    }

    @Test("random bytes and broken headers never do worse than be refused")
    func random() {
        let sample = Array(#"Digest username="alice", realm="r", nonce="n=", uri="sip:a@b", response="ff", qop=auth, nc=00000001, cnonce="c""#.utf8)
        var generator = SeededRandom("broken credentials")
        for _ in 0..<20_000 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array("\"\\,= \t".utf8).randomElement(using: &generator) ?? 0, at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if let found = try? DigestCredentials.parse(text) {
                for credentials in found { #expect((try? DigestCredentials.parse(credentials.text))?.count == 1) }
            }
        }
    }
}

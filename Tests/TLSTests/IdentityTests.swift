import Foundation
import TestCertificates
import Testing
@testable import TLS

@Suite("Certificates and keys")
struct IdentityTests {
    private let authority: TestAuthority
    private let pair: (certificate: String, key: String)

    init() throws {
        authority = try TestAuthority()
        pair = try authority.issue("host", names: "DNS:sip.example.org,DNS:*.example.net,IP:192.0.2.1,IP:2001:db8::1")
    }

    @Test("a pair is read with its names and dates")
    func good() throws {
        let identity = try TLSIdentity(TLSFiles(certificate: pair.certificate, key: pair.key))
        #expect(identity.names == "DNS:sip.example.org, DNS:*.example.net, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1")
        #expect(abs(identity.notAfter.timeIntervalSinceNow - 10 * 86_400) < 60)
        #expect(identity.notBefore < Date())
        for host in ["sip.example.org", "SIP.example.org", "a.example.net", "192.0.2.1", "[2001:db8::1]"] {
            #expect(identity.covers(host: host), "\(host)")
        }
        for host in ["example.org", "a.b.example.net", "192.0.2.2", "host", ""] {
            #expect(!identity.covers(host: host), "\(host)")
        }
    }

    @Test("certificate and key may stand in one file")
    func together() throws {
        let both = authority.path("both.pem")
        let text = try String(contentsOfFile: pair.key, encoding: .utf8) + String(contentsOfFile: pair.certificate, encoding: .utf8)
        try text.write(toFile: both, atomically: true, encoding: .utf8)
        _ = try TLSIdentity(TLSFiles(certificate: both, key: both))
    }

    @Test("what is wrong is told, with the file")
    func bad() throws {
        let other = try authority.issue("other", names: "DNS:other")
        let (empty, missing, locked) = (authority.path("empty.pem"), authority.path("missing.pem"), authority.path("locked.key"))
        try "".write(toFile: empty, atomically: true, encoding: .utf8)
        try authority.run(["ec", "-in", pair.key, "-aes128", "-passout", "pass:secret", "-out", locked])
        let broken = authority.path("broken.pem")
        let half = try String(contentsOfFile: pair.certificate, encoding: .utf8).dropLast(80)
        try half.write(toFile: broken, atomically: true, encoding: .utf8)
        let cases: [(String, String, TLSError)] = [
            (missing, pair.key, .unreadable(path: missing, reason: "No such file or directory")),
            (pair.certificate, missing, .unreadable(path: missing, reason: "No such file or directory")),
            (authority.directory.path, pair.key, .unreadable(path: authority.directory.path, reason: "Is a directory")),
            (empty, pair.key, .noCertificate(path: empty)),
            (broken, pair.key, .noCertificate(path: broken)),
            (pair.certificate, empty, .noKey(path: empty)),
            (pair.certificate, pair.certificate, .noKey(path: pair.certificate)),
            (pair.certificate, locked, .keyIsEncrypted(path: locked)),
            (pair.certificate, other.key, .mismatch(certificate: pair.certificate, key: other.key)),
        ]
        for (certificate, key, error) in cases {
            #expect(throws: error) { try TLSIdentity(TLSFiles(certificate: certificate, key: key)) }
        }
    }
}

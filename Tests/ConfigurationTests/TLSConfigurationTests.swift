@testable import Configuration
import Foundation
import TestCertificates
import Testing
import TLS

@Suite("Certificates in the configuration") struct TLSConfigurationTests {
    private let authority: TestAuthority
    private let pair: (certificate: String, key: String)

    init() throws {
        authority = try TestAuthority()
        pair = try authority.issue("host", names: "DNS:sip.example.org")
    }

    private func load(_ text: String) throws(TernConfigurationError) -> LoadedConfiguration {
        try ConfigurationReader.load(text: text, host: .usual)
    }

    private func problem(_ text: String) -> ConfigurationProblem? {
        do throws(TernConfigurationError) {
            _ = try load(text)
            return nil
        } catch {
            return error.problems.count == 1 ? error.problems[0] : nil
        }
    }

    @Test("certificate, key and authorities are taken over")
    func good() throws {
        let loaded = try load(
            """
            sip:
              listen: [udp:127.0.0.1:5060, tls:127.0.0.1, 'tls:[::1]:5071']
              tls: {certificate: \(pair.certificate), key: \(pair.key), authorities: \(authority.certificate)}
            http:
              tls: {certificate: \(pair.certificate), key: \(pair.key)}
            """)
        let files = TLSFiles(certificate: pair.certificate, key: pair.key)
        #expect(loaded.configuration.sip.tls == files)
        #expect(loaded.configuration.http.tls == files)
        #expect(loaded.configuration.sip.authorities == authority.certificate)
        #expect(loaded.configuration.sip.listen.map(\.description) == ["udp:127.0.0.1:5060", "tls:127.0.0.1:5061", "tls:[::1]:5071"])
        // Ten days are left.
        #expect(loaded.warnings.map(\.key) == ["sip.tls.certificate", "http.tls.certificate"])
        #expect(loaded.warnings.allSatisfy { $0.reason.contains("ends in 9 days") })
    }

    @Test("what is wrong with the files is told with the place")
    func bad() throws {
        let other = try authority.issue("other", names: "DNS:other")
        let cases: [(String, Int, String, String)] = [
            ("certificate: /nonexistent, key: \(pair.key)", 22, "http.tls", "/nonexistent cannot be read: No such file"),
            ("certificate: \(pair.key), key: \(pair.key)", 22, "http.tls", "has no certificate"),
            ("certificate: \(pair.certificate)", 22, "http.tls", "has no private key"),
            ("key: \(pair.key)", 14, "http.tls.certificate", "a key needs its certificate"),
            ("certificate: \(pair.certificate), key: \(other.key)", 0, "http.tls", "does not belong to"),
            ("certificte: x", 9, "http.tls.certificte", "did you mean certificate"),
        ]
        for (keys, column, key, reason) in cases {
            let problem = try #require(self.problem("http:\n  tls: {\(keys)}\n"), "\(keys)")
            #expect(problem.key == key)
            #expect(problem.reason.contains(reason), "\(problem.reason)")
            if column != 0, reason != "has no private key" {
                #expect(problem.origin == .file(path: "tern.yaml", line: 2, column: column), "\(problem)")
            }
        }
        let authorities = "sip:\n  listen: tls:127.0.0.1\n  tls: {certificate: \(pair.certificate), key: \(pair.key), authorities: \(pair.key)}\n"
        #expect(problem(authorities)?.key == "sip.tls.authorities")
    }

    @Test("a certificate that expired, or that nothing uses, is worth a word and no more")
    func warnings() throws {
        let old = try authority.issue("old", names: "DNS:old", days: -1)
        let loaded = try load("http:\n  tls: {certificate: \(old.certificate), key: \(old.key)}\n")
        #expect(loaded.warnings.contains { $0.key == "http.tls.certificate" && $0.reason.contains("expired at") })
        let unused = try load("sip:\n  tls: {certificate: \(pair.certificate), key: \(pair.key)}\n")
        #expect(unused.warnings.contains { $0.key == "sip.tls.certificate" && $0.reason.contains("no use") })
    }

    @Test("tcp and tls on one port are told apart from udp")
    func overlap() {
        let tls = "{certificate: \(pair.certificate), key: \(pair.key)}"
        #expect(problem("sip:\n  listen: [udp:127.0.0.1:5061, tls:127.0.0.1:5061]\n  tls: \(tls)\n") == nil)
        #expect(problem("sip:\n  listen: [tcp:127.0.0.1:5061, tls:127.0.0.1:5061]\n  tls: \(tls)\n")?.reason.contains("overlaps") == true)
    }

    @Test("the sample passwords keep TLS listeners on loopback too")
    func samples() {
        let text = "sip:\n  listen: tls:0.0.0.0\n  tls: {certificate: \(pair.certificate), key: \(pair.key)}\n"
        #expect(problem(text)?.reason.contains("sample users") == true)
    }

    @Test("probes where SIP is listened for over TLS only are warned of")
    func probes() throws {
        func warnings(_ listen: String) throws -> [String] {
            try ConfigurationReader.load(
                text: """
                    sip: {listen: [\(listen)], tls: {certificate: \(pair.certificate), key: \(pair.key)}}
                    users: []
                    probes: [{name: a, call: echo}]
                    """, host: .usual
            ).warnings.filter { $0.key == "probes" }.map { "\($0)" }
        }
        #expect(try warnings("tls:127.0.0.1").count == 1)
        #expect(try warnings("tls:127.0.0.1, tcp:127.0.0.1:5060").isEmpty)
    }
}

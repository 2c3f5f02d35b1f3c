import Authentication
import BrowserAPI
@testable import Calls
@testable import Configuration
import EventLoop
import Foundation
import JSON
import TestCertificates
import Testing

@Suite("Logins of browsers over a real WebSocket", .timeLimit(.minutes(1)))
@LoopActor
struct BrowserLoginTests {
    private let signer: TokenSigner
    private let now = Int(Date().timeIntervalSince1970)

    init() throws { signer = try TokenSigner() }

    private func token(_ claims: String, algorithm: String = "HS256") throws -> String { try signer.token(claims, algorithm: algorithm) }

    private func claims(_ user: String, _ more: String = "") -> String { #"{"sub":"\#(user)","exp":\#(now + 60)\#(more)}"# }

    private func withBench(_ body: (LoginBench) async throws -> Void) async throws {
        let users = [("alice", "wonderland", "Alice"), ("bob", "builder", "Bob")].map { name, password, displayName in
            CallSettings.User(name: name, credential: .password(Secret(password)), displayName: displayName)
        }
        let carol = CallSettings.User(
            name: "carol", credential: .ha1(PasswordEntry(user: "carol", realm: "tern.example.org", password: Secret("her password"))),
            displayName: "Carol", isAdmin: true)
        var settings = CallSettings(domain: "tern.example.org", users: users + [carol])
        settings.realm = "tern.example.org"
        settings.admitsGuests = true
        var open = try TokenKey(name: "open", algorithm: .es256, key: Secret(signer.publicKey))
        open.admitsUnknownUsers = true
        let bench = try await LoginBench(settings, tokens: [try TokenKey(name: "closed", algorithm: .hs256, key: Secret(signer.secret)), open])
        try await body(bench)
        await bench.stop()
    }

    private func code(_ answer: JSONValue?) -> APIError.Code? { answer?["data"]?["code"]?.intValue.flatMap(APIError.Code.init) }

    @Test("a token of either algorithm logs its user in, with the rights of the configuration")
    func tokens() async throws {
        try await withBench { bench in
            for algorithm in ["HS256", "ES256"] {
                let answer = try await bench.login(token: token(claims("carol", #","name":"Mallory","admin":true"#), algorithm: algorithm))
                #expect(answer?["data"]?["user"] == "carol")
            }
            #expect(bench.clients(of: "carol").map(\.user) == Array(repeating: BrowserUser(name: "carol", displayName: "Carol", isAdmin: true), count: 2))
        }
    }

    @Test("whom the configuration does not have logs in where its tokens say so, as a user without rights")
    func unknown() async throws {
        try await withBench { bench in
            #expect(try await code(bench.login(token: token(claims("dave")))) == .wrongCredentials)
            let answer = try await bench.login(token: token(claims("dave", #","name":"Dave D.","admin":true"#), algorithm: "ES256"))
            #expect(answer?["data"]?["user"] == "dave")
            #expect(bench.clients(of: "dave").map(\.user) == [BrowserUser(name: "dave", displayName: "Dave D.")])
            #expect(bench.isUser("dave") && bench.isUser("alice") && !bench.isUser("erin"))
            for name in ["d ave", "dave@example.org", "*", String(repeating: "d", count: 65), "dävé", "sip:dave"] {
                #expect(try await code(bench.login(token: token(claims(name), algorithm: "ES256"))) == .wrongCredentials)
            }
        }
    }

    @Test("the log says whose login failed and why, and of a token its subject and key, but neither password nor token")
    func lines() async throws {
        try await withBench { bench in
            bench.lines.logLevel = .debug
            _ = try await bench.login(["user": "alice", "password": "guess-of-a-password"])
            let failed = try #require(bench.lines.lines.first { $0.message == "a login failed" })
            #expect(failed.fields["user"] == "alice" && failed.fields["reason"] == "wrong user or password" && failed.level == .warning)
            #expect("\(failed.fields["address"] ?? "")".hasPrefix("127.0.0.1:"))
            let token = try token(#"{"sub":"alice","exp":1}"#)
            _ = try await bench.login(token: token)
            let refused = try #require(bench.lines.lines.first { $0.message == "a token was refused" })
            #expect(refused.fields["subject"] == "alice" && refused.fields["reason"] == "it has expired")
            for secret in ["guess-of-a-password", token] { #expect(!bench.lines.lines.contains { "\($0)".contains(secret) }) }
        }
    }

    @Test("a bad token is refused with 2003, and only an expired one is told why")
    func refused() async throws {
        var stranger = signer
        stranger.secret = "another secret, which is long enough too"
        try await withBench { bench in
            for bad in [
                try stranger.token(claims("alice")), try token(claims("alice"), algorithm: "none"),
                try token(#"{"sub":"alice"}"#), try token(claims("alice", #","nbf":\#(now + 600)"#)),
                try token(claims("alice", #","aud":"other""#)), try token(claims("nobody")), "x", "..",
                String(repeating: "x", count: 8_192),
            ] {
                let answer = try await bench.login(token: bad)
                #expect(code(answer) == .wrongCredentials)
                #expect(answer?["data"]?["error"] == "the token is not valid")
            }
            let expired = try await bench.login(token: token(#"{"sub":"alice","exp":\#(now - 60)}"#))
            #expect(code(expired) == .wrongCredentials)
            #expect(expired?["data"]?["error"] == "the token has expired")
            #expect(try await code(bench.login(token: String(repeating: "x", count: 8_193))) == .invalidField)
            #expect(try await bench.login(token: String(repeating: "x", count: 1 << 20)) == nil)
            #expect(bench.clients(of: "alice").isEmpty)
        }
    }

    @Test("a password serves whether the configuration has it or hashes of it")
    func passwords() async throws {
        try await withBench { bench in
            for (user, password) in [("carol", "her password"), ("alice", "wonderland")] {
                let answer = try await bench.login(["user": .string(user), "password": .string(password)])
                #expect(answer?["data"]?["user"] == .string(user))
                for wrong in ["", "x", password + " ", "MD5"] {
                    #expect(try await code(bench.login(["user": .string(user), "password": .string(wrong)])) == .wrongCredentials)
                }
            }
            #expect(try await code(bench.login(["user": "nobody", "password": ""])) == .wrongCredentials)
        }
    }
}

@testable import Authentication
import Testing

@Suite("Entries in place of passwords")
struct PasswordEntryTests {
    private let md5 = "b34c0e833a7711dfe7a13c83a237993d"
    private let sha256 = "373b58b5e329d847e216e692a7aa76a536994b5cc9cacf399e8d5432579c8671"

    @Test("an entry has the hashes of user, realm and password")
    func made() {
        let entry = PasswordEntry(user: "alice", realm: "tern.example.org", password: Secret("wonderland"))
        #expect(entry.text == "MD5:\(md5),SHA-256:\(sha256)")
        #expect(entry.algorithms == [.sha256, .md5])
    }

    @Test("it is read back, in either order and case, and with one hash alone")
    func read() throws {
        let entry = PasswordEntry(user: "alice", realm: "tern.example.org", password: Secret("wonderland"))
        #expect(try PasswordEntry(parsing: entry.text) == entry)
        #expect(try PasswordEntry(parsing: "sha-256: \(sha256.uppercased()) , md5:\(md5)") == entry)
        #expect(try PasswordEntry(parsing: "MD5:\(md5)").algorithms == [.md5])
    }

    @Test("a text that is none is refused, and not repeated")
    func refused() throws {
        for text in ["", "MD5", "MD5:", "MD5:\(md5),", "MD5:\(md5)0", "MD5:\(md5.dropLast())x", "SHA-1:\(md5)", md5, "SHA-256:\(md5)", "MD5:\(md5),MD5:\(md5)", String(repeating: "a", count: 600)] {
            let error = try #require(throws: AuthenticationError.self) { try PasswordEntry(parsing: text) }
            #expect(!error.description.contains(md5))
        }
    }

    @Test("a password is recognised by itself and by its hashes, for its user and realm only")
    func matching() {
        let entry = PasswordEntry(user: "alice", realm: "r", password: Secret("wonderland"), algorithms: [.md5])
        for credential in [Credential.ha1(entry), .password(Secret("wonderland"))] {
            #expect(credential.matches(Secret("wonderland"), user: "alice", realm: "r"))
            for wrong in ["", "wonderlan", "wonderlandx", "Wonderland"] { #expect(!credential.matches(Secret(wrong), user: "alice", realm: "r")) }
        }
        #expect(!Credential.ha1(entry).matches(Secret("wonderland"), user: "bob", realm: "r"))
        #expect(!Credential.ha1(entry).matches(Secret("wonderland"), user: "alice", realm: "s"))
    }

    @Test("neither hashes nor passwords print")
    func secrecy() {
        let account = Account(name: "alice", credential: .ha1(PasswordEntry(user: "alice", realm: "r", password: Secret("wonderland"))))
        let entry = PasswordEntry(user: "alice", realm: "r", password: Secret("wonderland"))
        var dumped = ""
        dump(account, to: &dumped)
        #expect(!dumped.contains(entry.hash(.md5)?.value ?? "") && !"\(account)".contains(entry.hash(.md5)?.value ?? ""))
    }
}

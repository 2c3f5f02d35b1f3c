import Authentication
@testable import Cluster
import Foundation
import Testing

@Suite("Credentials of nodes")
struct NodeCredentialsTests {
    private static let now = 1_764_000_000

    /// #expect wants what it calls not to be mutating.
    private final class Node {
        private var credentials: NodeCredentials

        init(_ name: String, secret: String = "a secret of all nodes", since start: Int = 0) {
            credentials = NodeCredentials(secret: Secret(secret), name: name, since: start)
        }

        func header(to node: String = "b", user: String = "bob", source: String = "user:alice", excepted: Set<String> = []) -> String {
            credentials.header(to: node, user: user, source: source, excepted: excepted, now: now)
        }

        func check(_ headers: [String], user: String = "bob", now: Int = now, takes: Bool = true) -> NodeCredentials.Verdict {
            credentials.check(headers, user: user, now: now, takes: takes)
        }
    }

    private static func reason(_ verdict: NodeCredentials.Verdict) -> String {
        if case .wrong(let reason) = verdict { reason } else { "\(verdict)" }
    }

    @Test("a node believes another that has the secret, once", arguments: ["bob", "b\u{f6}b \"x\", y=1", "+49 30/1", "%41"])
    func valid(user: String) {
        let (a, b) = (Node("a"), Node("b"))
        let header = a.header(user: user, source: "trunk:t, \"1\"")
        // As nodes of before write it that know of no phones to be left out.
        #expect(!header.contains("except="))
        #expect(!header.contains("\u{f6}") && header.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
        let valid = NodeCredentials.Verdict.valid(NodeCall(node: "a", user: user, source: "trunk:t, \"1\""))
        #expect(b.check(["Digest x=1", header], user: user, takes: false) == valid)
        #expect(b.check([header], user: user) == valid)
        #expect(Self.reason(b.check([header], user: user)) == "they have been used before")
        #expect(b.check(["Digest username=\"bob\""], user: user) == .none && b.check([], user: user) == .none)
    }

    @Test("they say which phones ring elsewhere, and nobody can leave that out")
    func excepted() throws {
        let (a, b) = (Node("a"), Node("b")), header = a.header(excepted: ["<urn:uuid:1>", "<urn:uuid:\(String(repeating: "2", count: 5_000))>"])
        guard case .valid(let call) = b.check([header], takes: false) else { return #expect(Bool(false), "\(header)") }
        #expect(!call.rings("<urn:uuid:1>") && !call.rings("<urn:uuid:\(String(repeating: "2", count: 5_000))>") && call.rings("<urn:uuid:3>") && call.rings(nil))
        let start = try #require(header.range(of: "except=\"")), end = try #require(header[start.upperBound...].firstIndex(of: "\""))
        #expect(Self.reason(b.check([header.replacingCharacters(in: start.upperBound..<end, with: "")])) == "cluster.secret is another one")
        // However many there are, the header stays one that is read.
        let many = a.header(excepted: Set((0..<1_000).map { "<urn:uuid:\($0)>" }))
        guard case .valid = b.check([many]) else { return #expect(Bool(false), "\(many)") }
    }

    @Test("they are good for one node, one user, a minute, and with the secret alone")
    func wrong() {
        let (a, b) = (Node("a"), Node("b"))
        #expect(Self.reason(b.check([a.header(to: "c")])).contains("for node c"))
        #expect(Self.reason(b.check([a.header()], user: "carol")) == "they are for another user")
        #expect(Self.reason(b.check([a.header()], now: Self.now + 61)).contains("clocks differ"))
        #expect(Self.reason(b.check([a.header()], now: Self.now - 61)).contains("clocks differ"))
        #expect(Self.reason(b.check([Node("a", secret: "the secret of others").header()])) == "cluster.secret is another one")
        let header = a.header()
        #expect(Self.reason(b.check([header.replacing("user:alice", with: "user:admin").replacing("user%3Aalice", with: "user%3Aadmin")])) == "cluster.secret is another one")
        #expect(b.check([header]) == .valid(NodeCall(node: "a", user: "bob", source: "user:alice")))
    }

    @Test("a process that has begun since does not know whether they were used, and refuses them")
    func restart() {
        let header = Node("a").header()
        #expect(Self.reason(Node("b", since: Self.now + 1).check([header], now: Self.now + 2)) == "they are older than this process")
        #expect(Node("b", since: Self.now).check([header], now: Self.now + 2) == .valid(NodeCall(node: "a", user: "bob", source: "user:alice")))
    }

    @Test("what is none is refused", arguments: [
        "Tern-Node ", "Tern-Node from", "Tern-Node from=\"a\", to=\"b\"", "Tern-Node ====,,,,\"\"",
        "tern-node from=a,to=b,user=bob,source=x,time=99999999999999999999,nonce=1,except=,code=00", "Tern-Node " + String(repeating: "x=1,", count: 5_000),
        "Tern-Node from=a,to=b,user=bob,source=x,time=-9223372036854775808,nonce=1,except=,code=00",
    ])
    func malformed(header: String) {
        if case .wrong = Node("b").check([header]) { return }
        Issue.record("\(header) is believed")
    }
}

import Authentication
import Testing

@testable import Cluster

@Suite("What a client keeps for another node")
struct NodeSealTests {
    @Test("a node with the same secret reads it, for the same user; nobody else does, and nothing of it can be read or changed")
    func seal() throws {
        let seal = NodeSeal(secret: Secret("0123456789abcdef")), text = #"{"call_id":"a","party":"bob"}"#
        let sealed = try #require(seal.seal(text, for: "alice"))
        #expect(NodeSeal(secret: Secret("0123456789abcdef")).open(sealed, of: "alice") == text)
        #expect(seal.open(sealed, of: "bob") == nil && NodeSeal(secret: Secret("0123456789abcdeF")).open(sealed, of: "alice") == nil)
        #expect(!sealed.contains("bob") && sealed.allSatisfy { $0.isHexDigit })
        for index in sealed.indices.enumerated().filter({ $0.offset % 7 == 0 }).map(\.element) {
            var changed = sealed
            changed.replaceSubrange(index...index, with: sealed[index] == "0" ? "1" : "0")
            #expect(seal.open(changed, of: "alice") == nil)
        }
    }

    @Test("what is no seal is none", arguments: ["", "0", "zz", "é", "00 0", String(repeating: "0", count: 56), String(repeating: "a", count: 16_386)])
    func malformed(text: String) {
        #expect(NodeSeal(secret: Secret("0123456789abcdef")).open(text, of: "alice") == nil)
    }
}

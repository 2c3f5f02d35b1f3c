@testable import Diagnosis
import EventLoop
import Events
import Testing

@LoopActor
@Suite struct LadderTests {
    @Test("80 columns: a column for each party, an arrow for each message, words for the rest")
    func narrow() throws {
        let lines = Ladder(try Sample.document(), width: 80).lines
        #expect(lines.allSatisfy { $0.count <= 80 })
        let names = try #require(lines.firstIndex { $0.contains("caller") && $0.contains("tern") && $0.contains("janus") })
        #expect(lines[names + 1].contains("│──INVITE sip:echo…─▶│"))
        #expect(lines.contains { $0.contains("│◀─100 Trying (INV…──│") })
        #expect(lines.contains { $0.contains("call answered") && $0.contains("•") })
        #expect(lines.contains { $0.contains("INVI…") && $0.contains("(repeated)") })
        #expect(lines[0] == "Call \(Sample.call)" && lines[2].hasPrefix("answered after 0.014 s, ended after 0.015 s by the caller: 200 OK"))
    }

    @Test("a wide terminal has room for whole labels")
    func wide() throws {
        let lines = Ladder(try Sample.document(), width: 160).lines
        #expect(lines.contains { $0.contains("│──INVITE sip:echo@192.0.2.1───") && $0.contains("▶│") })
        #expect(lines.contains { $0.contains("call_invite: ok") && $0.contains("◀") })
    }

    @Test("a terminal without box-drawing characters")
    func ascii() throws {
        #expect(Ladder(try Sample.document(), width: 80, isASCII: true).lines.allSatisfy { $0.utf8.count == $0.count })
    }

    @Test("nothing that a peer sent moves the cursor, and the whole text of messages is there when asked for")
    func full() throws {
        let bench = TraceBench()
        bench.begin("c", caller: "d")
        bench.sip("d", "INFO sip:\u{1b}[2Jx SIP/2.0\r\nSubject: a\u{1b}]0;b\u{7}\r\n\r\nbody", method: "INFO")
        let lines = Ladder(try bench.store.trace(of: "c"), width: 100, isFull: true).lines
        #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 } })
        #expect(lines.contains("    Subject: a\\u001b]0;b\\u0007") && lines.contains("    body"))
    }

    @Test("more callees than there is room for share a column")
    func many() throws {
        let bench = TraceBench()
        bench.begin("c", caller: "d")
        for number in 0..<20 {
            bench.call("c", .hasDialog(callID: "e\(number)", isCaller: false))
            bench.sip("e\(number)", "INVITE sip:\(number)@x SIP/2.0\r\n\r\n", isSent: true)
        }
        let lines = Ladder(try bench.store.trace(of: "c"), width: 80).lines
        #expect(lines.allSatisfy { $0.count <= 80 } && lines.count { $0.contains("INVITE s") } == 20)
    }
}

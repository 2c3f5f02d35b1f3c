import SIPNames
import Testing
@testable import WebSocket

@Suite("Parts of the WebSocket target")
struct PartsTests {
    private func append(
        _ assembler: inout MessageAssembler, _ bytes: [UInt8], remaining: Int = 0, isFinal: Bool = true, isBinary: Bool = false
    ) -> MessageAssembler.Outcome {
        bytes.withUnsafeBytes { assembler.append($0, remaining: remaining, isFinal: isFinal, isBinary: isBinary) }
    }

    @Test("a message's parts are joined, and the next begins empty")
    func joining() {
        var assembler = MessageAssembler(limit: 5)
        #expect(append(&assembler, [0xE2, 0x82], isFinal: false) == .incomplete)
        #expect(append(&assembler, [0xAC]) == .message("€"))
        #expect(append(&assembler, Array("12345".utf8)) == .message("12345"))
        #expect(append(&assembler, []) == .message(""))
    }

    @Test("the limit counts what is announced, and nothing overflows", arguments: [3, Int.max, -1])
    func announced(remaining: Int) {
        var assembler = MessageAssembler(limit: 5)
        #expect(append(&assembler, [65, 66, 67], remaining: remaining, isFinal: false) == .violation(code: 1009, reason: "a message may have 5 bytes"))
    }

    @Test("what waits and what the socket still holds count together")
    func queue() {
        var queue = OutgoingQueue()
        #expect(queue.isEmpty)
        #expect(queue.popFirst() == nil)
        for number in 0..<3_000 { queue.append("\(number % 10)") }
        #expect(queue.bytes == 3_000)
        #expect(queue.popFirst() == "0")
        #expect(queue.bytes == 3_000)
        queue.flushed()
        #expect(queue.bytes == 2_999)
        for number in 1..<3_000 { #expect(queue.popFirst() == "\(number % 10)") }
        queue.flushed()
        #expect(queue.isEmpty)
        #expect(queue.bytes == 0)
    }

    @Test(
        "headers that would become others are refused",
        arguments: [("", "x"), ("a b", "x"), ("a:", "x"), ("a", "x\r\nb: c"), ("a", "x\ny"), ("a", "\0"), ("ä", "x")])
    func headers(name: String, value: String) {
        #expect(!HTTPResponse.Header(name, value).isValid)
        #expect(HTTPResponse.Header("X-Name", "value, ä").isValid)
    }

    @Test("addresses are written as they are read", arguments: [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("::ffff:1.2.3.4", "[::ffff:1.2.3.4]:80")])
    func addresses(literal: String, text: String) {
        #expect(SocketAddress(address: literal, port: 80)?.description == text)
    }
}

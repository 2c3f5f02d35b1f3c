import SDP
import Testing

struct LimitTests {
    static let head = MalformedTests.call

    @Test("a text over 64 KiB is refused before it is read")
    func bytes() {
        let text = Self.head + String(repeating: "a=x\r\n", count: 20_000)
        #expect(throws: SDPError(line: 0, reason: .tooLarge(limit: 65_536))) { try SessionDescription(parsing: text) }
    }

    @Test("a thousand media lines stop at the thirty-third")
    func media() {
        let text = Self.head + String(repeating: "m=audio 4000 RTP/AVP 0\r\n", count: 1_000)
        #expect(throws: SDPError(line: 38, reason: .tooManyMedia(limit: 32))) { try SessionDescription(parsing: text) }
    }

    @Test("a line of more than 4,096 bytes is refused, one of 4,096 is not")
    func line() throws {
        let longest = "a=" + String(repeating: "x", count: 4_094)
        #expect(try SessionDescription(parsing: Self.head + longest + "\r\n").attributes.count == 1)
        #expect(throws: SDPError(line: 6, reason: .lineTooLong(limit: 4_096))) {
            try SessionDescription(parsing: Self.head + longest + "x\r\n")
        }
    }

    @Test("the number of attributes and of lines is bounded")
    func counts() {
        let attributes = Self.head + String(repeating: "a=x\r\n", count: 513)
        #expect(throws: SDPError(line: 518, reason: .tooManyAttributes(limit: 512))) { try SessionDescription(parsing: attributes) }
        let lines = Self.head + String(repeating: "e=x\r\n", count: 2_000)
        #expect(throws: SDPError(line: 2_001, reason: .tooManyLines(limit: 2_000))) { try SessionDescription(parsing: lines) }
    }

    @Test("other limits can be given")
    func given() {
        #expect(throws: SDPError(line: 0, reason: .tooLarge(limit: 10))) {
            try SessionDescription(parsing: Self.head, limits: SDPLimits(bytes: 10))
        }
    }
}

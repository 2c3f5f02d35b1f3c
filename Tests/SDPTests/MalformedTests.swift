import SDP
import Testing

struct MalformedTests {
    /// A good head of four lines; the fifth is the one in question.
    static let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
    static let call = head + "c=IN IP4 192.0.2.1\r\n"

    static let cases: [(String, Int, SDPError.Reason)] = [
        ("", 0, .missing("v")),
        ("hello", 1, .notALine),
        ("o=- 1 1 IN IP4 192.0.2.1\r\n", 1, .missing("v")),
        ("v=1\r\n", 1, .invalid("v=")),
        ("v=0\r\n", 0, .missing("o")),
        ("v=0\r\ns=-\r\nt=0 0\r\n", 0, .missing("o")),
        ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nt=0 0\r\n", 0, .missing("s")),
        ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n", 0, .missing("t")),
        ("v=0\r\no=- 1 1 IN IP4\r\n", 2, .invalid("o=")),
        ("v=0\r\no=- 1 99999999999999999999 IN IP4 192.0.2.1\r\n", 2, .invalid("o=")),
        ("v=0\r\no=- -1 1 IN IP4 192.0.2.1\r\n", 2, .invalid("o=")),
        ("v=0\r\no=- 1 1 IN IP5 192.0.2.1\r\n", 2, .invalid("o=")),
        (head + "v=0\r\n", 5, .repeated("v")),
        (head + "s=-\r\n", 5, .repeated("s")),
        (head + "y=1\r\n", 5, .unknownType("y")),
        (head + "c=IN IP4\r\n", 5, .invalid("c=")),
        (head + "c=IN IP4 192.0.2.1 192.0.2.2\r\n", 5, .invalid("c=")),
        (head + "c=ATM NSAP 47\r\n", 5, .invalid("c=")),
        (head + "b=AS\r\n", 5, .invalid("b=")),
        (head + "b=AS:-1\r\n", 5, .invalid("b=")),
        (head + "b=AS:99999999999999999999\r\n", 5, .invalid("b=")),
        ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0\r\n", 4, .invalid("t=")),
        ("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nr=1\r\n", 4, .misplaced("r")),
        (head + "\r\na=x\r\n", 5, .notALine),
        (head + "A=x\r\n", 5, .notALine),
        (head + "a\r\n", 5, .notALine),
        (head + "a=\r\n", 5, .invalid("a=")),
        (head + "a=:x\r\n", 5, .invalid("a=")),
        (head + "a=x\ry\r\n", 5, .controlCharacter),
        (head + "a=x\u{0}\r\n", 5, .controlCharacter),
        (head + "a=x\r\r\n", 5, .controlCharacter),
        (head + "m=audio 4000 RTP/AVP 0\r\n", 5, .missing("c")),
        (call + "m=audio\r\n", 6, .invalid("m=")),
        (call + "m=audio 65536 RTP/AVP 0\r\n", 6, .invalid("m=")),
        (call + "m=audio -1 RTP/AVP 0\r\n", 6, .invalid("m=")),
        (call + "m=audio 4000/x RTP/AVP 0\r\n", 6, .invalid("m=")),
        (call + "m=audio 4000 RTP/AVP\r\n", 6, .invalid("m=")),
        (call + "m=audio 4000 RTP/AVP 128\r\n", 6, .invalid("m=")),
        (call + "m=audio 4000 RTP/AVP x\r\n", 6, .invalid("m=")),
        (call + "m=audio 4000 RTP/AVP 0\r\nt=0 0\r\n", 7, .misplaced("t")),
        (call + "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.1\r\n", 8, .repeated("c")),
        (call + "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0\r\n", 7, .invalid("a=rtpmap")),
        (call + "m=audio 4000 RTP/AVP 0\r\na=rtpmap:128 X/8000\r\n", 7, .invalid("a=rtpmap")),
        (call + "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/0\r\n", 7, .invalid("a=rtpmap")),
        (call + "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/4294967296\r\n", 7, .invalid("a=rtpmap")),
        (call + "m=audio 4000 RTP/AVP 0\r\na=rtcp:65536\r\n", 7, .invalid("a=rtcp")),
        (call + "m=audio 4000 RTP/AVP 0\r\na=fingerprint:sha-256 12:3\r\n", 7, .invalid("a=fingerprint")),
        (call + "m=audio 4000 RTP/AVP 0\r\na=setup:maybe\r\n", 7, .invalid("a=setup")),
    ]

    @Test("what is malformed is an error that names the line and the reason", arguments: cases)
    func malformed(_ text: String, _ line: Int, _ reason: SDPError.Reason) {
        #expect(throws: SDPError(line: line, reason: reason)) { try SessionDescription(parsing: text) }
    }

    @Test("each reason reads as a sentence for a person")
    func words() {
        #expect(SDPError(line: 7, reason: .invalid("a=rtpmap")).description == "SDP line 7: a=rtpmap is malformed")
        #expect(SDPError(line: 0, reason: .missing("o")).description == "SDP: no o= line")
    }

    @Test("malformed attributes that nothing stands on are kept as they came", arguments: [
        "candidate:x", "crypto:1", "ptime:20.5", "extmap:x y", "ssrc:x", "rtcp-fb:96", "group:", "nonsense:::", "ptime:99999999999",
    ])
    func ignored(_ attribute: String) throws {
        let text = Self.head + "a=\(attribute)\r\n"
        #expect(try SessionDescription(parsing: text).text == text)
    }
}

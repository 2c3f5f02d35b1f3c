import SDP
import TestRandom
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
        (head + "v=0\r\n", 5, .repeated("v")),
        (call + "m=audio 4000 RTP/AVP 0\r\nv=0\r\n", 7, .repeated("v")),
        (head + "A=x\r\n", 5, .notALine),
        (head + "a\r\n", 5, .notALine),
        (head + "a=x\ry\r\n", 5, .controlCharacter),
        (head + "a=x\u{0}\r\n", 5, .controlCharacter),
        (head + "a=x\r\r\n", 5, .controlCharacter),
        (head + "m=audio 4000 RTP/AVP 0\r\n", 5, .missing("c")),
        (head + "m=audio 0 RTP/AVP 0\r\nm=video 4000 RTP/AVP 96\r\n", 6, .missing("c")),
        (head + "a=x\r\n\0a=y\r\n", 6, .controlCharacter),
        (head + "\0\r\n", 5, .controlCharacter),
        (call + "m=audio\r\n", 6, .invalid("m=")),
        (call + "m=audio 4000\r\n", 6, .invalid("m=")),
    ]

    @Test("what is malformed is an error that names the line and the reason", arguments: cases)
    func errors(_ text: String, _ line: Int, _ reason: SDPError.Reason) {
        #expect(throws: SDPError(line: line, reason: reason)) { try SessionDescription(parsing: text) }
    }

    static let audio = "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n"

    /// What comes behind the head, and what is written there of it.
    static let oddities: [(String, String)] = [
        ("s=other\r\no=- 9 9 IN IP4 192.0.2.9\r\n", ""),
        ("y=1\r\n", ""),
        ("\r\n\na=x\r\n", "a=x\r\n"),
        ("u=urn:x\r\nu=urn:y\r\n\0", "u=urn:x\r\n"),
        (audio + "c=IN IP4 192.0.2.9\r\nt=1 2\r\ns=x\r\ny=1\r\n", audio),
        ("m=audio 65536 RTP/AVP 0\r\nm=video -1 RTP/AVP 96\r\n", "m=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n"),
        ("m=audio 4000/x RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n", audio),
    ]

    @Test("a line that is odd where it stands costs no more than itself", arguments: oddities)
    func odd(_ text: String, _ written: String) throws {
        let session = try SessionDescription(parsing: Self.head + text)
        #expect(session.text.replacing("u=urn:x\r\nt=0 0\r\n", with: "t=0 0\r\nu=urn:x\r\n") == Self.head + written)
        // An `r=` needs the `t=` that it is about.
        #expect(try SessionDescription(parsing: Self.head.replacing("t=0 0", with: "r=1")).text == Self.head)
    }

    @Test("each reason reads as a sentence for a person")
    func words() {
        #expect(SDPError(line: 7, reason: .invalid("m=")).description == "SDP line 7: m= is malformed")
        #expect(SDPError(line: 0, reason: .missing("v")).description == "SDP: no v= line")
    }

    @Test("an attribute that is not of its form, or has a number out of its range, is kept apart, and written as it came", arguments: [
        "", ":x", "rtpmap", "rtpmap:0", "rtpmap:102 ANY", "rtpmap:128 X/8000", "rtpmap:-1 X/8000", "rtpmap:96 X/0", "rtpmap:96 X/999",
        "rtpmap:96 X/4294967296", "rtpmap:96 X/2147483648", "rtpmap:96 /8000", "rtpmap:96 X\u{1}/8000", "fmtp:", "fmtp: ", "fmtp:97 apt=128",
        "fmtp:97 apt=-1", "fmtp:97 apt=4294967392", "rtcp-fb:96", "rtcp-fb:128 nack", "rtcp-fb:-1 nack", "rtcp-fb:x nack", "ptime:0", "ptime:20.5",
        "ptime:1001", "ptime:99999999999", "maxptime:-1", "rtcp:65536", "rtcp:x", "rtcp:9 IN IP5 1.2.3.4", "rtcp:-1", "inactive:yes",
        "rtcp-mux:1", "extmap-allow-mixed:-1 urn:x", "bundle-only:x", "crypto:1", "crypto:1000000000 X inline:x", "crypto:-1 X inline:x",
        "candidate:x", "candidate:1 0 udp 1 192.0.2.1 9 typ host", "candidate:1 257 udp 1 192.0.2.1 9 typ host",
        "candidate:1 1 udp 0 192.0.2.1 9 typ host", "candidate:1 1 udp 2147483648 192.0.2.1 9 typ host",
        "candidate:1 1 udp 4294967296 192.0.2.1 9 typ host", "candidate:1 1 udp 1 192.0.2.1 0 typ host",
        "candidate:1 1 udp 1 192.0.2.1 65536 typ host", "candidate:1 1 udp 1 192.0.2.1 9 host", "candidate:? 1 udp 1 192.0.2.1 9 typ host",
        "candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 9 typ host", "candidate:1 1 udp 1 192.0.2.1 9 typ host x \u{7F}",
        "ice-ufrag:abc", "ice-ufrag:a bcd", "ice-pwd:123456789012345678901", "ice-pwd:", "fingerprint:sha-256 12:3", "fingerprint:sha-256 AB:CD",
        "fingerprint:sha-1 " + Array(repeating: "AB", count: 32).joined(separator: ":"), "fingerprint:sha-3 AB:CD", "setup:maybe", "setup:",
        "mid:", "mid:a b", "mid:a\"b", "group:", "group:BUNDLE a,b", "extmap:0 urn:x", "extmap:-1 urn:x", "extmap:256 urn:x", "extmap:4095 urn:x",
        "extmap:4352 urn:x", "extmap:65536 urn:x", "extmap:2147483648 urn:x", "extmap:4294967295 urn:x", "extmap:1/both urn:x", "extmap:x y",
        "extmap:1", "msid:", "msid:a b c", "ssrc:x", "ssrc:-1 cname:x", "ssrc:4294967296 cname:x", "ssrc:1", "ssrc-group:", "ssrc-group:FID 4294967296",
        "ssrc-group:FID -1", "rid:h", "rid:h both", "rid:h/l send", "rid:12345678901234567 send",
    ])
    func malformed(_ attribute: String) throws {
        let text = Self.head + "a=\(attribute)\r\n"
        let session = try SessionDescription(parsing: text)
        guard case .malformed? = session.attributes.first else {
            Issue.record("read as \(session.attributes)")
            return
        }
        #expect(session.text == text)
    }

    @Test("the ends of the ranges are inside them", arguments: [
        "rtpmap:0 X/1000", "rtpmap:127 X/2147483647", "fmtp:96", "fmtp:97 apt=127", "rtcp-fb:* nack", "rtcp-fb:127 nack", "ptime:1", "maxptime:1000",
        "rtcp:0", "rtcp:65535", "crypto:999999999 X inline:x", "candidate:1 1 udp 1 192.0.2.1 1 typ host",
        "candidate:12345678901234567890123456789+/Z 256 udp 2147483647 192.0.2.1 65535 typ host", "extmap:1 urn:x", "extmap:14 urn:x", "extmap:255 urn:x",
        "extmap:4096 urn:x", "extmap:4351 urn:x", "ssrc:0 cname:x", "ssrc:4294967295 cname:x", "ssrc-group:FID 0 4294967295", "rid:1234567890-_ABCD send",
        "ice-ufrag:abcd", "ice-pwd:1234567890123456789012", "fingerprint:md5 " + Array(repeating: "AB", count: 16).joined(separator: ":"),
    ])
    func ends(_ attribute: String) throws {
        let text = Self.head + "a=\(attribute)\r\n"
        let session = try SessionDescription(parsing: text)
        switch session.attributes.first {
        case .malformed?, .other?, nil: Issue.record("read as \(session.attributes)")
        default: break
        }
        #expect(session.text == text)
    }

    @Test("an attribute without a case of its own is kept as it came", arguments: ["nonsense:::", "X-nat:0", "x-extmap:-1 urn:x"])
    func others(_ attribute: String) throws {
        let text = Self.head + "a=\(attribute)\r\n"
        #expect(try SessionDescription(parsing: text).text == text)
    }
}

struct MutationTests {
    static let splices = ["\r\n", "\n", "\r", "\0", "=", " ", ":", "/", "m=audio 1 RTP/AVP 0\r\n", "99999999999999999999", "-1", "é", "\u{10FFFF}", ""]

    /// A text with one to four places changed: bytes, pieces put in, cut out or doubled.
    static func mutate(_ text: String, with random: inout SeededRandom) -> String {
        var bytes = Array(text.utf8)
        for _ in 0 ..< Int.random(in: 1 ... 4, using: &random) {
            let start = Int.random(in: 0 ... bytes.count, using: &random)
            let end = min(bytes.count, start + Int.random(in: 0 ... 12, using: &random))
            switch Int.random(in: 0 ..< 4, using: &random) {
            case 0: if start < bytes.count { bytes[start] = UInt8.random(in: 0 ... 255, using: &random) }
            case 1: bytes.insert(contentsOf: (splices.randomElement(using: &random) ?? "").utf8, at: start)
            case 2: bytes.removeSubrange(start ..< end)
            default: bytes.insert(contentsOf: bytes[start ..< end], at: start)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("no mutation of the corpus traps, and what is read is written in a form that reads the same")
    func mutations() throws {
        var random = SeededRandom("mutated SDP")
        var read = 0
        // The long ones of browsers every tenth time: a debug build is slow.
        let short = Corpus.all.filter { $0.text.utf8.count < 1_500 }
        for round in 0 ..< 20_000 {
            let entries = round.isMultiple(of: 10) ? Corpus.all : short
            let entry = entries[round / 10 % entries.count]
            let text = Self.mutate(entry.text, with: &random)
            guard let session = try? SessionDescription(parsing: text) else { continue }
            read += 1
            let written = session.text
            if round % 10 == 0 {
                let again = try SessionDescription(parsing: written)
                #expect(again == session && again.text == written)
            }
        }
        #expect(read > 5_000)
    }
}

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

@testable import Diagnosis
import Glibc
import Testing

@Suite struct SecretRemovalTests {
    @Test("secrets are replaced, and nothing else", arguments: [
        // Digest: who it is stays.
        ("Authorization: Digest username=\"alice\", realm=\"r\", nonce=\"n\", uri=\"sip:x\", response=\"0123abcd\", algorithm=MD5\r\n",
         "Authorization: Digest username=\"alice\", realm=\"r\", nonce=\"n\", uri=\"sip:x\", response=\"***\", algorithm=MD5\r\n"),
        ("PROXY-authorization : digest\r\n username=\"a\",\r\n\tRESPONSE = 0123abcd , nc=1\r\nTo: x\r\n",
         "PROXY-authorization : digest\r\n username=\"a\",\r\n\tRESPONSE = *** , nc=1\r\nTo: x\r\n"),
        ("Authentication-Info: nextnonce=\"n\", rspauth=\"feed\"\r\n", "Authentication-Info: nextnonce=\"n\", rspauth=\"***\"\r\n"),
        ("Authorization: Digest username=\"re, response=\\\"sponse\", response=\"0123\r\n", "Authorization: Digest username=\"re, response=\\\"sponse\", response=\"***\n"),
        ("Authorization: Bearer eyJhbGciOi.J9\r\nCSeq: 1 INVITE\r\n", "Authorization: Bearer ***\r\nCSeq: 1 INVITE\r\n"),
        ("Authorization: Digest what is this\r\n", "Authorization: Digest ***\r\n"),
        // Lines that end in CR alone, as SIP is parsed.
        ("To: x\rAuthorization: Digest username=\"a\",\r response=\"0123\"\rCSeq: 1 INVITE\r\n", "To: x\rAuthorization: Digest username=\"a\",\r response=\"***\"\rCSeq: 1 INVITE\r\n"),
        // White space before the colon, as much as Sofia takes.
        ("Authorization\r\n : Digest response=\"0123\"\r\n", "Authorization\r\n : Digest response=\"***\"\r\n"),
        ("Proxy-Authorization\(String(repeating: " ", count: 90)): Digest response=\"0123\"\r\n",
         "Proxy-Authorization\(String(repeating: " ", count: 90)): Digest response=\"***\"\r\n"),
        // SDP, alone and within JSON.
        ("X-Tern-Test-Id: 5f1c9a0e7d3b42c6a8e4f0b1d2c3a495\r\nMax-Forwards: 70", "X-Tern-Test-Id:***\r\nMax-Forwards: 70"),
        ("X-Tern-Test-Id:\r\n 5f1c9a0e7d3b42c6a8e4f0b1d2c3a495\r\nMax-Forwards: 70", "X-Tern-Test-Id:***\r\nMax-Forwards: 70"),
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4\r\nm=video",
         "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***|2^20|1:4\r\nm=video"),
        ("{\"sdp\":\"a=ice-ufrag:AbCd\\r\\na=ice-pwd:asd88fgpdd777uzjYhagZg\\r\\na=mid:0\"}", "{\"sdp\":\"a=ice-ufrag:AbCd\\r\\na=ice-pwd:***\\r\\na=mid:0\"}"),
        ("{\"sdp\":\"a=crypto:1 X INLINE:aa\\/bb==\\r\\n\"}", "{\"sdp\":\"a=crypto:1 X INLINE:***\\r\\n\"}"),
        ("k=base64:c2VjcmV0\r\na=key-mgmt:mikey AQAFgM0X\r\nt=0 0", "k=base64:***\r\na=key-mgmt:***\r\nt=0 0"),
        // JSON
        ("{\"cmd\":\"login\",\"data\":{\"user\":\"alice\",\"password\" : \"won\\\"der\"},\"tid\":1}", "{\"cmd\":\"login\",\"data\":{\"user\":\"alice\",\"password\" : \"***\"},\"tid\":1}"),
        ("{\"cmd\":\"start_call\",\"data\":{\"recovery\":\"0a1b\"}}", "{\"cmd\":\"start_call\",\"data\":{\"recovery\":\"***\"}}"),
        ("{\"resume_token\":\"8f0a\",\"token\":\"eyJ\",\"apisecret\":\"x\"}", "{\"resume_token\":\"***\",\"token\":\"***\",\"apisecret\":\"***\"}"),
        ("{\"audio\":{\"port\":5000,\"key\":\"qq==\"},\"srtp\":{\"local\":\"k1\",\"remote\":\"k2\"},\"remote\":{\"address\":\"192.0.2.1\"}}",
         "{\"audio\":{\"port\":5000,\"key\":\"***\"},\"srtp\":{\"local\":\"***\",\"remote\":\"***\"},\"remote\":{\"address\":\"192.0.2.1\"}}"),
        ("{\"pass\\u0077ord\":\"wonderland\"}", "{\"pass\\u0077ord\":\"***\"}"),
        // URIs
        ("INVITE sip:bob:secret@example.org SIP/2.0", "INVITE sip:bob:***@example.org SIP/2.0"),
        // What only looks so.
        ("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n"),
        ("Contact: <sip:bob@192.0.2.1:5060;transport=tcp>, <sip:[2001:db8::1]:5060>\r\n", "Contact: <sip:bob@192.0.2.1:5060;transport=tcp>, <sip:[2001:db8::1]:5060>\r\n"),
        ("", ""),
    ])
    func removed(text: String, cleaned: String) {
        #expect(SecretRemoval.clean(text) == cleaned)
    }

    @Test("texts that break off anywhere are no trouble")
    func cut() {
        let whole = "Authorization: Digest username=\"a\\\"b\", response=\"c\\\r\n{\"password\":\"x\\\"y\",\"sdp\":\"a=ice-pwd:z\\r\\nsip:a:b@c\\"
        for length in 0...whole.utf8.count {
            let cleaned = SecretRemoval.clean(String(decoding: whole.utf8.prefix(length), as: UTF8.self))
            #expect(cleaned.utf8.count <= length + 20)
        }
    }

    @Test("the time grows with the length of a text, not with its square", arguments: [
        ("inline:", "inline:***"), ("ice-pwd:", "ice-pwd:***"), ("key-mgmt:", "key-mgmt:***"), ("k=base64:", "k=base64:***"), ("\r", "\r"), ("p\r", "p\r"), (" \r", " \r"),
    ])
    func linear(part: String, beginning: String) {
        let short = String(repeating: part, count: 4_096 / part.utf8.count), long = String(repeating: part, count: 65_536 / part.utf8.count)
        #expect(SecretRemoval.clean(long).hasPrefix(beginning))
        // 16 times as long: 16 times the time, or 256 times.
        #expect(Pace.ratio { _ = SecretRemoval.clean(short) } to: { _ = SecretRemoval.clean(long) } < 80)
    }

    @Test("a value that does not end is not read to the end of the message for each member of that name")
    func scan() {
        let short = MessageScan(String(repeating: "\"cmd\":x", count: 512)), long = MessageScan(String(repeating: "\"cmd\":x", count: 8_192))
        #expect(long.string("cmd") == nil)
        #expect(Pace.ratio { _ = short.string("cmd") } to: { _ = long.string("cmd") } < 80)
    }

    @Test("the longest value is read, a longer one is not")
    func longest() {
        for (length, isRead) in [(253, true), (254, true), (255, false), (5_000, false)] {
            let value = String(repeating: "v", count: length)
            #expect(MessageScan("{\"a\":\"\(value)\",\"b\":1}").string("a") == (isRead ? value : nil), "\(length)")
        }
    }
}

/// Compares what two pieces of work take of a processor: what other programs do meanwhile does not count.
private enum Pace {
    static func ratio(_ short: () -> Void, to long: () -> Void) -> Double {
        func least(_ work: () -> Void) -> Double {
            (0..<3).map { _ in
                let begin = processorTime
                work()
                return processorTime - begin
            }.min() ?? 0
        }
        return least(long) / max(least(short), 1)
    }

    /// Of this thread, in nanoseconds.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}

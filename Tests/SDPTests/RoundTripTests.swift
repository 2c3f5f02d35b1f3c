import SDP
import Testing

struct RoundTripTests {
    @Test("the corpus is there")
    func corpus() { #expect(Corpus.all.count >= 110) }

    @Test("what is read is written as it came, byte for byte", arguments: Corpus.all)
    func roundTrip(_ entry: Corpus.Entry) throws {
        #expect(try SessionDescription(parsing: entry.text).text == entry.text)
    }

    @Test("attributes that have a type are read into it", arguments: Corpus.all)
    func typed(_ entry: Corpus.Entry) throws {
        let session = try SessionDescription(parsing: entry.text)
        let known: Set = [
            "rtpmap", "fmtp", "rtcp-fb", "rtcp", "ptime", "maxptime", "crypto", "candidate", "fingerprint", "setup", "mid", "group",
            "extmap", "msid", "ssrc", "sendrecv", "sendonly", "recvonly", "inactive", "rtcp-mux", "ice-ufrag", "ice-pwd",
        ]
        for case .other(let name, _) in session.attributes + session.media.flatMap(\.attributes) {
            #expect(!known.contains(name))
        }
    }

    @Test(
        "what is written loosely is read, and written in the canonical form",
        arguments: [
            ("LF for CRLF", "v=0\no=- 1 1 IN IP4 1.2.3.4\ns=-\nt=0 0\n", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"),
            ("no end on the last line", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"),
            ("empty lines at the end", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n\r\n\r\n", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"),
            ("lines in another order", "v=0\r\ns=-\r\nt=0 0\r\na=sendrecv\r\nc=IN IP4 1.2.3.4\r\no=- 1 1 IN IP4 1.2.3.4\r\n",
                "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\na=sendrecv\r\n"),
            ("a user name with spaces, and an empty name", "v=0\r\no=John Q Doe 1 1 IN IP4 1.2.3.4\r\ns=\r\nt=0 0\r\n",
                "v=0\r\no=John Q Doe 1 1 IN IP4 1.2.3.4\r\ns=\r\nt=0 0\r\n"),
            ("spaces where there is one", "v=0\r\no=-  1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0  0\r\nm=audio 0 RTP/AVP  0 101 \r\na=rtpmap:101  telephone-event/8000 \r\na=sendrecv \r\n",
                "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"),
        ] as [(String, String, String)])
    func tolerance(_ why: String, _ input: String, _ output: String) throws {
        #expect(try SessionDescription(parsing: input).text == output, "\(why)")
    }

    @Test("every line type of the RFC is kept")
    func allLines() throws {
        let text = """
            v=0
            o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
            s=Call
            i=about it
            u=https://example.com/
            e=jane@example.com
            e=joe@example.com
            p=+1 617 555-6011
            c=IN IP4 233.252.0.1/127/3
            b=CT:100
            t=3724394400 3724398000
            r=604800 3600 0 90000
            z=3730928400 -1h
            k=clear:x
            a=recvonly
            m=audio 49170/2 RTP/AVP 0
            i=title
            c=IN IP6 ff15::101/3
            b=AS:64
            k=prompt
            a=unknown:  as it came

            """.replacing("\n", with: "\r\n")
        let session = try SessionDescription(parsing: text)
        #expect(session.text == text)
        #expect(session.media.first?.portCount == 2)
        #expect(session.connection?.multicast == "127/3")
    }
}

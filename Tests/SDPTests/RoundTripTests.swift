import Foundation
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
            "extmap", "extmap-allow-mixed", "bundle-only", "msid", "ssrc", "ssrc-group", "rid", "sendrecv", "sendonly", "recvonly", "inactive", "rtcp-mux", "ice-ufrag", "ice-pwd",
        ]
        for attribute in session.attributes + session.media.flatMap(\.attributes) {
            if case .other(let name, _) = attribute { #expect(!known.contains(name)) }
            if case .malformed(let name, let value) = attribute { Issue.record("\(name):\(value ?? "")") }
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
            ("NULs at the end", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n\0\0", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"),
            ("a NUL in place of the last line's end", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\0", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"),
            ("no s= and no t=", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\n", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"),
            ("no o=", "v=0\r\n", "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"),
            ("a t= that cannot be read", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=now\r\n", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"),
            ("text for the numbers of o=", "v=0\r\no=- a b IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n",
                "v=0\r\no=- 12638187200555641996 12638190499090526629 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"),
            ("25 digits in o=", "v=0\r\no=- 1 1234567890123456789012345 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n",
                "v=0\r\no=- 1 11155707143276799392 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"),
            ("an o= without an address", "v=0\r\no=x 1 1 IN IP4\r\ns=-\r\nt=0 0\r\n",
                "v=0\r\no=- 9774358243721843893 14695981039346656037 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"),
            ("an o= of an unknown network", "v=0\r\no=x 1 1 IN IP5 y\r\ns=-\r\nt=0 0\r\n", "v=0\r\no=x 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"),
            ("b= that cannot be read", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nb=AS\r\nb=AS:-1\r\nb=AS:4294967296\r\nb=AS:64\r\n",
                "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nb=AS:64\r\nt=0 0\r\n"),
            ("a t= that cannot be read, with its r=", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=now\r\nr=7d 1h 0\r\n",
                "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nr=7d 1h 0\r\n"),
            ("small letters for capitals, and capitals for small letters",
                "v=0\r\no=- 1 1 in ip4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=Audio 4 rtp/avp 0\r\nc=in Ip4 1.2.3.4\r\nm=video 0 udp/tls/rtp/savpf 96\r\n",
                "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\nc=IN IP4 1.2.3.4\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\n"),
            ("payload types that are none", "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 128 x 0 -1 300\r\nm=video 0 RTP/AVP\r\n",
                "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP\r\n"),
            ("spaces where there is one", "v=0\r\no=-  1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0  0\r\nm=audio 0 RTP/AVP  0 101 \r\na=rtpmap:101  telephone-event/8000 \r\na=sendrecv \r\n",
                "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"),
        ] as [(String, String, String)])
    func tolerance(_ why: String, _ input: String, _ output: String) throws {
        #expect(try SessionDescription(parsing: input).text == output, "\(why)")
    }

    @Test("a c= that cannot be read is kept as it came, and is no address", arguments: [
        "IN IP4", "IN IP4 192.0.2.1 192.0.2.2", "ATM NSAP 47", "IN IP5 192.0.2.1", "IN IP4 192.0.2.1/x", "IN IP4 /127", "", "IN IP4 1.2.3.4/1/2/3",
    ])
    func connections(_ value: String) throws {
        let text = MalformedTests.head + "m=audio 4000 RTP/AVP 0\r\nc=\(value)\r\n"
        let session = try SessionDescription(parsing: text)
        #expect(session.text == text)
        #expect(session.media.first?.connection?.host == .invalid)
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

/// Descriptions as products send them, a file each.
enum Corpus {
    struct Entry: CustomStringConvertible, Sendable {
        var name: String
        var text: String
        var description: String { name }
    }

    static let all: [Entry] = {
        guard let folder = Bundle.module.url(forResource: "Corpus", withExtension: nil) else { return [] }
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "sdp" }.sorted { $0.path < $1.path }.compactMap { file in
            guard let data = try? Data(contentsOf: file) else { return nil }
            return Entry(name: file.deletingPathExtension().lastPathComponent, text: String(decoding: data, as: UTF8.self))
        }
    }()

    static func text(_ name: String) -> String { all.first { $0.name == name }?.text ?? "" }
}

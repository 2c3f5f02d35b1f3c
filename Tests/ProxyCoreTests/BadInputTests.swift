import ProxyCore
import SDP
import Testing

/// What phones and attackers send that is wrong: the status of the response, and the text of its Warning header, word by word.
struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var what: String
        var text: String
        var status: Int
        var warning: String
        var testDescription: String { what }
    }

    static let head = "v=0\r\no=- 1 1 IN IP4 10.9.0.2\r\ns=-\r\n"
    private static let onlyUnicast = "is not supported, only to an IPv4 unicast address"

    static let offers: [Case] = [
        Case(what: "no c= at all", text: head + "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", status: 400, warning: "SDP line 5: no c= line"),
        Case(what: "a name in c=", text: Sample.phone(Sample.pcmu, connection: "IN IP4 phone.example"),
            status: 488, warning: "media to host name phone.example \(onlyUnicast)"),
        Case(what: "a word of 4,000 bytes in c=", text: Sample.phone(Sample.pcmu, connection: "IN IP4 " + String(repeating: "x", count: 4_000)),
            status: 488, warning: "media to unreadable address \(String(repeating: "x", count: 45)) \(onlyUnicast)"),
        Case(what: "an address with a number too high", text: Sample.phone(Sample.pcmu, connection: "IN IP4 10.9.0.256"),
            status: 488, warning: "media to unreadable address 10.9.0.256 \(onlyUnicast)"),
        Case(what: "multicast with a time to live", text: Sample.phone(Sample.pcmu, connection: "IN IP4 233.252.0.1/127"),
            status: 488, warning: "media to multicast address 233.252.0.1 \(onlyUnicast)"),
        Case(what: "multicast without one", text: Sample.phone(Sample.pcmu, connection: "IN IP4 239.1.1.1"),
            status: 488, warning: "media to multicast address 239.1.1.1 \(onlyUnicast)"),
        Case(what: "IPv6", text: Sample.phone(Sample.pcmu, connection: "IN IP6 2001:db8::1"),
            status: 488, warning: "media to IPv6 address 2001:db8::1 \(onlyUnicast)"),
        Case(what: "another network", text: Sample.phone(Sample.pcmu, connection: "ATM NSAP 47.0091"), status: 488,
            warning: "media to unreadable address ATM NSAP 47.0091 \(onlyUnicast)"),
        Case(what: "port 0 everywhere", text: Sample.phone("m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 96"),
            status: 488, warning: "no audio or video that can be used"),
        Case(what: "no media", text: Sample.phone(), status: 488, warning: "no audio or video that can be used"),
        Case(what: "a port out of range", text: Sample.phone("m=audio 65536 RTP/AVP 0"), status: 488, warning: "no audio or video that can be used"),
        Case(what: "payload types out of range only", text: Sample.phone("m=audio 4000 RTP/AVP 128 300"), status: 488, warning: "no common codec"),
        Case(what: "no payload type", text: Sample.phone("m=audio 4000 RTP/AVP"), status: 488, warning: "no common codec"),
        Case(what: "a number too long for any integer", text: Sample.phone("m=audio 99999999999999999999 RTP/AVP 0"),
            status: 488, warning: "no audio or video that can be used"),
        Case(what: "rtpmap for payload types that are not listed", text: Sample.phone("m=audio 4000 RTP/AVP 96", "a=rtpmap:97 opus/48000/2"),
            status: 488, warning: "no common codec"),
        Case(what: "an rtpmap without a clock", text: Sample.phone("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus"),
            status: 488, warning: "no common codec"),
        Case(what: "a NUL", text: Sample.phone(Sample.pcmu, "a=x\0y"), status: 400, warning: "SDP line 7: a NUL or a bare carriage return"),
        Case(what: "a bare CR", text: Sample.phone(Sample.pcmu, "a=x\ry"), status: 400, warning: "SDP line 7: a NUL or a bare carriage return"),
        Case(what: "a line of 65 KB", text: Sample.phone(Sample.pcmu, "a=x:" + String(repeating: "y", count: 65_000)),
            status: 400, warning: "SDP line 7: a line of more than 4096 bytes"),
        Case(what: "a line that makes the whole too large", text: Sample.phone(Sample.pcmu, "a=x:" + String(repeating: "y", count: 66_000)),
            status: 400, warning: "SDP: more than 65536 bytes"),
        Case(what: "a line without its letter", text: Sample.phone("sendrecv", Sample.pcmu), status: 400, warning: "SDP line 6: not of the form <letter>=<value>"),
        Case(what: "no SDP but text", text: "hello", status: 400, warning: "SDP line 1: not of the form <letter>=<value>"),
        Case(what: "nothing", text: "", status: 400, warning: "SDP: no v= line"),
    ]

    @Test("an offer that is wrong is refused with what is wrong, and the next one is taken", arguments: offers)
    func offer(_ bad: Case) {
        var sip = Sample.sip()
        let error = #expect(throws: NegotiationError.self) { try sip.acceptOffer(bad.text) }
        #expect(error?.sipStatus == bad.status)
        #expect(error?.reason == bad.warning)
        #expect(throws: Never.self) { try sip.acceptOffer(Sample.phone(Sample.pcmu)) }
    }

    static let answers: [Case] = [
        Case(what: "no lines", text: Sample.phone(), status: 488, warning: "no audio or video that can be used"),
        Case(what: "lines in another order", text: Sample.phone(Sample.video, Sample.vp8, Sample.pcmu), status: 488,
            warning: "media line 1 is not of the offered kind or transport"),
        Case(what: "a codec that was not offered", text: Sample.phone("m=audio 4000 RTP/AVP 8", "m=video 0 RTP/AVP 96"), status: 488,
            warning: "media line 1 has no codec that was offered"),
        Case(what: "the offered number for another codec", text: Sample.phone("m=audio 4000 RTP/AVP 111", "a=rtpmap:111 speex/8000", "m=video 0 RTP/AVP 96"),
            status: 488, warning: "media line 1 has no codec that was offered"),
        Case(what: "everything refused", text: Sample.phone("m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 96"), status: 488,
            warning: "no audio or video that can be used"),
        Case(what: "a name in c=", text: Sample.phone(Sample.pcmu, "m=video 0 RTP/AVP 96", connection: "IN IP4 phone.example"), status: 488,
            warning: "media to host name phone.example \(onlyUnicast)"),
        Case(what: "no c=", text: head + "t=0 0\r\nm=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n", status: 400, warning: "SDP line 5: no c= line"),
    ]

    @Test("an answer that is wrong is refused with what is wrong, and a right one may follow", arguments: answers)
    func answer(_ bad: Case) throws {
        var sip = try Sample.offering()
        let error = #expect(throws: NegotiationError.self) { try sip.acceptAnswer(bad.text) }
        #expect(error?.sipStatus == bad.status)
        #expect(error?.reason == bad.warning)
        #expect(throws: Never.self) { try sip.acceptAnswer(Sample.phone(Sample.pcmu, "m=video 0 RTP/AVP 96")) }
    }

    /// What is odd, but can be understood, with the formats and the direction that Janus is told.
    static let odd: [(String, [String], [String], Direction)] = [
        ("payload types twice", ["m=audio 4000 RTP/AVP 0 8 0 8 0"], ["0", "8"], .sendrecv),
        ("two meanings of one payload type: the first counts",
            ["m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2", "a=rtpmap:96 speex/8000"], ["96"], .sendrecv),
        ("rtpmap of payload types that are not listed", ["m=audio 4000 RTP/AVP 0", "a=rtpmap:97 opus/48000/2", "a=fmtp:98 x=1"], ["0"], .sendrecv),
        ("a listed payload type without rtpmap", ["m=audio 4000 RTP/AVP 0 97"], ["0"], .sendrecv),
        ("a direction that is none", ["m=audio 4000 RTP/AVP 0", "a=sendrecieve"], ["0"], .sendrecv),
        ("two directions: the first counts", ["m=audio 4000 RTP/AVP 0", "a=sendonly", "a=recvonly"], ["0"], .sendonly),
        ("a direction with a value", ["m=audio 4000 RTP/AVP 0", "a=inactive:yes"], ["0"], .sendrecv),
        ("a direction in capitals", ["m=audio 4000 RTP/AVP 0", "a=SendOnly"], ["0"], .sendonly),
        ("attributes of ICE, DTLS and RTCP that cannot be read, and are not used",
            ["m=audio 4000 RTP/AVP 0", "a=candidate:x", "a=ice-pwd:y", "a=fingerprint:sha-256 z", "a=setup:holdconn", "a=mid:a b", "a=rtcp:x", "a=extmap:-1 urn:x"],
            ["0"], .sendrecv),
        ("an rtpmap and an fmtp that cannot be read spoil their own payload type only",
            ["m=audio 4000 RTP/AVP 102 103 0 8", "a=rtpmap:102 ANY", "a=rtpmap:103 opus/48000/2", "a=fmtp:", "a=fmtp:103", "a=rtpmap:8 x"],
            ["103", "0", "8"], .sendrecv),
        ("a refused line of which nothing can be read",
            ["m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP", "c=IN", "b=x", "a=rtpmap:x", "a=crypto:x", "a=setup:y", "a="], ["0"], .sendrecv),
        ("a line without a format", ["m=audio 4000 RTP/AVP 0", "m=video 4002 RTP/AVP"], ["0"], .sendrecv),
        ("a video without an address", ["m=audio 4000 RTP/AVP 0", "m=video 4002 RTP/AVP 96", "c=ATM NSAP 47", "a=rtpmap:96 VP8/90000"], ["0"], .sendrecv),
        ("a profile and names in another case",
            ["m=audio 4000 rtp/avp 96 0", "c=in ip4 10.9.0.2", "a=rtpmap:96 OPUS/48000/2", "a=rtpmap:0 pcmu/8000"], ["96", "0"], .sendrecv),
        ("a time to live on a unicast address", ["m=audio 4000 RTP/AVP 0", "c=IN IP4 10.9.0.2/127"], ["0"], .sendrecv),
        ("payload types that RTCP has on the same port", ["m=audio 4000 RTP/AVP 72 0", "a=rtpmap:72 opus/48000/2"], ["0"], .sendrecv),
        ("payload types that are none", ["m=audio 4000 RTP/AVP 0 300 -1 x 8"], ["0", "8"], .sendrecv),
    ]

    @Test("what is odd but can be understood is understood, without the oddity", arguments: odd)
    func understood(_ what: String, _ lines: [String], _ formats: [String], _ direction: Direction) throws {
        var sip = Sample.sip()
        let text = Sample.lines(["v=0", "o=- 1 1 IN IP4 10.9.0.2", "s=-", "c=IN IP4 10.9.0.2", "t=0 0"] + lines)
        let plain = try SessionDescription(parsing: sip.acceptOffer(text))
        let medium = try #require(plain.media.first)
        #expect(plain.media.count == 1 && medium.connection == Connection(address: "10.9.0.2"), "\(what)")
        #expect(medium.formats == formats, "\(what)")
        #expect(medium.direction == direction, "\(what)")
        let maps = medium.attributes.compactMap { if case .rtpmap(let map) = $0 { map.payloadType } else { UInt8?.none } }
        #expect(maps.map { String($0) } == formats, "\(what)")
    }

    /// The same phone's heads, as odd as they come.
    @Test("a head that is odd does no harm, and nothing of it is in what we send", arguments: [
        ["o=- 1 1 IN IP4 10.9.0.2"], ["s=-"], [], ["o=alice abc def IN IP4 10.9.0.2", "s=-", "t=0 0"],
        ["o=- 1234567890123456789012345 1 IN IP4 10.9.0.2", "s=-", "t=now"], ["o=x", "s=", "b=AS:-1"], ["o=- 1 1 in ip4 10.9.0.2", "s=-", "a="],
    ])
    func heads(_ lines: [String]) throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Sample.lines(["v=0"] + lines + ["c=IN IP4 10.9.0.2", Sample.pcmu]) + "\0")
        let answer = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        #expect(answer.hasPrefix("v=0\r\no=- 4711 1 IN IP4 10.9.0.1\r\ns=-\r\nc=IN IP4 10.9.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0\r\n"))
    }

    @Test("a refused line without a format is answered with one")
    func withoutFormat() throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Sample.phone(Sample.pcmu, "m=video 0 rtp/avp", "m=image 0 udptl"))
        let answer = try sip.makeAnswer(Sample.generated("m=audio 30000 RTP/AVP 0"))
        #expect(answer.hasSuffix("m=video 0 RTP/AVP 0\r\nm=image 0 udptl 0\r\n"))
    }

    @Test("leading zeros in an address are none of another base")
    func leadingZeros() throws {
        var sip = Sample.sip()
        let plain = try sip.acceptOffer(Sample.phone(Sample.pcmu, connection: "IN IP4 010.009.000.002"))
        #expect(plain.contains("c=IN IP4 10.9.0.2\r\n"))
    }
}

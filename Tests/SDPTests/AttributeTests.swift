import SDP
import Testing

struct AttributeTests {
    private func attribute(_ line: String) throws -> Attribute? {
        try SessionDescription(parsing: MalformedTests.head + "a=\(line)\r\n").attributes.first
    }

    @Test("codecs: rtpmap, fmtp and feedback")
    func codecs() throws {
        #expect(try attribute("rtpmap:111 opus/48000/2") == .rtpmap(RTPMap(payloadType: 111, encoding: "opus", clockRate: 48000, parameters: "2")))
        guard case .formatParameters(let parameters) = try attribute("fmtp:97 Profile-Level-ID=42e01f; packetization-mode=1;x=") else {
            Issue.record("no fmtp")
            return
        }
        #expect(parameters["profile-level-id"] == "42e01f")
        #expect(parameters["packetization-mode"] == "1")
        #expect(parameters["x"]?.isEmpty == true)
        #expect(parameters["y"] == nil)
        #expect(try attribute("rtcp-fb:* ccm fir") == .rtcpFeedback(RTCPFeedback(format: "*", feedback: "ccm fir")))
    }

    @Test("ICE: candidates, credentials, and names that only the browser's network knows")
    func ice() throws {
        guard case .candidate(let candidate) = try attribute("candidate:1 1 udp 2113937151 8f1b6f0e.LOCAL 54218 typ host generation 0") else {
            Issue.record("no candidate")
            return
        }
        #expect(candidate.isMulticastDNS)
        #expect(candidate.port == 54218)
        #expect(candidate.type == "host")
        #expect(candidate.extensions == "generation 0")
        #expect(Candidate("1 1 udp 1 192.0.2.1 99999 typ host") == nil)
        #expect(Candidate("1 1 udp 1 192.0.2.1 9 typ host\r\na=extmap:-1 urn:x") == nil)
        #expect(Candidate("1 1 udp 4294967296 192.0.2.1 9 typ host") == nil)
        #expect(try attribute("ice-ufrag:8hhY") == .iceUsernameFragment("8hhY"))
    }

    @Test("security: fingerprint, setup, crypto")
    func security() throws {
        let digest = (0 ..< 32).map { _ in "aB" }.joined(separator: ":")
        #expect(try attribute("fingerprint:sha-256 \(digest)") == .fingerprint(Fingerprint(hash: "sha-256", digest: digest)))
        #expect(try attribute("setup:actpass") == .setup(.actpass))
        #expect(
            try attribute("crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:4 UNENCRYPTED_SRTP")
                == .crypto(Crypto(tag: 1, suite: "AES_CM_128_HMAC_SHA1_80", key: "inline:KEY|2^20|1:4", parameters: "UNENCRYPTED_SRTP")))
    }

    @Test("names and words are read in any case", arguments: [
        ("RTPMAP:96 opus/48000/2", "rtpmap:96 opus/48000/2"), ("SendOnly", "sendonly"), ("setup:ActPass", "setup:actpass"),
        ("Extmap:1/RecvOnly urn:x", "extmap:1/recvonly urn:x"), ("Rtcp-Mux", "rtcp-mux"), ("rtcp:9 in ip4 192.0.2.1", "rtcp:9 IN IP4 192.0.2.1"),
    ])
    func anyCase(_ read: String, _ written: String) throws {
        let attribute = try #require(try attribute(read))
        #expect(attribute.name + (attribute.value.map { ":\($0)" } ?? "") == written)
    }

    @Test("grouping and streams")
    func grouping() throws {
        #expect(try attribute("group:BUNDLE 0 1") == .group(Group(semantics: "BUNDLE", mids: ["0", "1"])))
        #expect(try attribute("msid:- t") == .mediaStreamID(MediaStreamID(stream: "-", track: "t")))
        #expect(try attribute("ssrc-group:FID 5 6") == .ssrcGroup(SSRCGroup(semantics: "FID", ssrcs: [5, 6])))
        #expect(try attribute("rid:h send pt=96") == .restrictionID(RestrictionID(id: "h", isSent: true, restrictions: "pt=96")))
        #expect(try attribute("ssrc:5 cname:a:b") == .ssrc(SSRCAttribute(ssrc: 5, name: "cname", value: "a:b")))
        #expect(try attribute("extmap:2/recvonly urn:x y") == .headerExtension(HeaderExtension(id: 2, direction: .recvonly, uri: "urn:x", attributes: "y")))
        #expect(try attribute("rtcp:53020 IN IP6 2001:db8::1") == .rtcp(RTCPAddress(port: 53020, connection: Connection(addressType: .ip6, address: "2001:db8::1"))))
    }

    @Test("a medium's direction counts before the session's, and both ways is what is meant without one")
    func direction() throws {
        let session = try SessionDescription(parsing: MalformedTests.call + "a=sendonly\r\nm=audio 1 RTP/AVP 0\r\nm=audio 1 RTP/AVP 0\r\na=inactive\r\n")
        #expect(session.media.map(session.direction(of:)) == [.sendonly, .inactive])
        #expect(Direction.sendonly.reversed == .recvonly)
        #expect(Direction.sendrecv.limited(to: .recvonly) == .recvonly)
        #expect(Direction.sendonly.limited(to: .recvonly) == .inactive)
    }

    @Test("what stands where an address belongs is told apart", arguments: [
        ("192.0.2.1", AddressType.ip4, HostKind.unicast), ("0.0.0.0", .ip4, .unspecified), ("224.0.0.1", .ip4, .multicast),
        ("239.255.255.255", .ip4, .multicast), ("240.0.0.1", .ip4, .unicast), ("host.example", .ip4, .name), ("256.1.1.1", .ip4, .invalid),
        ("1.2.3", .ip4, .invalid), ("1.2.3.4.5", .ip4, .invalid), ("0001.2.3.4", .ip4, .invalid), ("", .ip4, .invalid),
        ("2001:db8::1", .ip4, .invalid), ("2001:db8::1", .ip6, .unicast), ("::", .ip6, .unspecified), ("ff15::101", .ip6, .multicast),
        ("::ffff:192.0.2.1", .ip6, .unicast), ("host.example", .ip6, .name), ("12345::1", .ip6, .invalid), ("1:2:3:4:5:6:7:8:9:a", .ip6, .invalid),
        ("1:2:3:4:5:6:7:8", .ip6, .unicast), ("1:2:3:4:5:6:7", .ip6, .invalid), ("1:2:3:4:5:6:1.2.3.4", .ip6, .unicast), ("1::", .ip6, .unicast),
        ("::1", .ip6, .unicast), ("1::2::3", .ip6, .invalid), (":1:2:3:4:5:6:7", .ip6, .invalid), ("1:2:3:4:5:6:7::8", .ip6, .invalid),
        ("phone", .ip4, .name), ("phone_1.example.", .ip4, .name), ("-", .ip4, .name), ("a..example", .ip4, .invalid), ("a b", .ip4, .invalid),
        ("phöne.example", .ip4, .invalid), (String(repeating: "x", count: 64), .ip4, .invalid), ("192.0.2.1", .unknown, .invalid),
    ] as [(String, AddressType, HostKind)])
    func hosts(_ address: String, _ type: AddressType, _ kind: HostKind) {
        #expect(HostKind(address, type: type) == kind)
    }

    @Test("payload types that need no rtpmap have one all the same")
    func wellKnown() throws {
        let session = try SessionDescription(parsing: MalformedTests.call + "m=audio 1 RTP/AVP 0 9 96\r\n")
        let medium = try #require(session.media.first)
        #expect(medium.payloadTypes == [0, 9, 96])
        #expect(medium.rtpmap(for: 9)?.encoding == "G722")
        #expect(medium.rtpmap(for: 96) == nil)
    }
}

struct HostNameTests {
    private func session(_ lines: String...) throws -> SessionDescription {
        try SessionDescription(parsing: MalformedTests.head + lines.map { $0 + "\r\n" }.joined())
    }

    @Test("host names are those of the c= lines that count: of media that is not refused, its own before the session's")
    func names() throws {
        #expect(try session("c=IN IP4 Phone.Example", "m=audio 4000 RTP/AVP 0").hostNames == ["phone.example"])
        #expect(try session("c=IN IP4 phone.example", "m=audio 0 RTP/AVP 0").hostNames.isEmpty)
        #expect(try session("c=IN IP4 phone.example", "m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.1").hostNames.isEmpty)
        #expect(try session("m=audio 4000 RTP/AVP 0", "c=IN IP4 a.example", "m=video 4002 RTP/AVP 96", "c=IN IP6 b.example").hostNames == ["a.example", "b.example"])
        #expect(try session("c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0").hostNames.isEmpty)
        #expect(try session("c=IN IP4 10.9.0.256", "m=audio 4000 RTP/AVP 0").hostNames.isEmpty)
        #expect(try session("c=ATM NSAP 47", "m=audio 4000 RTP/AVP 0").hostNames.isEmpty)
    }

    @Test("resolved names are addresses of their family, and what has none stays")
    func resolved() throws {
        var session = try session(
            "c=IN IP4 Phone.Example/127", "m=audio 4000 RTP/AVP 0", "m=video 4002 RTP/AVP 96", "c=IN IP6 b.example", "m=video 4004 RTP/AVP 96",
            "c=IN IP4 c.example", "m=audio 4006 RTP/AVP 0", "c=IN IP4 d.example", "m=audio 4008 RTP/AVP 0", "c=IN IP4 192.0.2.9")
        session.resolve([
            "phone.example": "192.0.2.1", "b.example": "192.0.2.2", "c.example": "2001:db8::1", "d.example": "e.example", "192.0.2.9": "192.0.2.10",
        ])
        #expect(session.connection == Connection(address: "192.0.2.1"))
        #expect(
            session.media.map(\.connection) == [
                nil, Connection(address: "192.0.2.2"), Connection(addressType: .ip6, address: "2001:db8::1"), Connection(address: "d.example"),
                Connection(address: "192.0.2.9"),
            ])
        #expect(session.hostNames == ["d.example"])
    }
}

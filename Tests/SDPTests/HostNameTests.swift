import SDP
import Testing

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

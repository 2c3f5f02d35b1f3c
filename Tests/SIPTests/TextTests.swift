import SIPNames
import Testing

@testable import SIP

@Suite("Texts, URIs and addresses")
struct TextTests {
    @Test("escapes of a URI are decoded where they are valid and no control characters", arguments: [
        ("bob", "bob"), ("b%20b", "b b"), ("%41%62", "Ab"), ("100%", "100%"), ("%4", "%4"), ("%zz", "%zz"),
        ("a%00b", "a%00b"), ("%0d%0a", "%0d%0a"), ("%C3%A5", "å"), ("%FF", "\u{FFFD}"), ("", ""),
    ])
    func unescaping(text: String, expected: String) {
        #expect(SIPURI.unescaped(text) == expected)
    }

    @Test("what is written as a user part is read back", arguments: ["alice", "+1 555", "å%\"<>@;x", "\r\n"])
    func userRoundTrip(user: String) {
        let written = HeaderText.user(user)
        #expect(written.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        #expect(!written.contains("@") && !written.contains("<"))
        if user != "\r\n" { #expect(SIPURI.unescaped(written) == user) }
    }

    @Test("what is written as a quoted string is read back", arguments: ["", "a", "a\"b\\c", "\"", "\\", "å"])
    func quotedRoundTrip(text: String) {
        #expect(NameAddress.unquoted(HeaderText.quoted(text)) == text)
    }

    @Test("a target is taken apart", arguments: [
        ("sip:bob@192.0.2.1:5062;transport=tcp", "192.0.2.1", 5_062, ListenAddress.Transport.tcp, "sip:bob@192.0.2.1:5062"),
        ("SIP:bob@[2001:db8::1]:5070", "2001:db8::1", 5_070, nil, "sip:bob@[2001:db8::1]:5070"),
        ("sip:192.0.2.1", "192.0.2.1", 5_060, nil, "sip:192.0.2.1"),
        ("sip:a;b=c@192.0.2.1;transport=UDP?X=y", "192.0.2.1", 5_060, .udp, "sip:a;b=c@192.0.2.1"),
    ] as [(String, String, Int, ListenAddress.Transport?, String)])
    func targets(uri: String, host: String, port: Int, transport: ListenAddress.Transport?, plain: String) throws {
        let target = try #require(SIPTarget(uri))
        #expect(target.host == host)
        #expect(target.address?.port == port)
        #expect(target.transport == transport)
        #expect(target.plain == plain)
    }

    @Test("a target loses its headers, and nothing else", arguments: [
        ("sip:a@192.0.2.1;lr?Route=%3Csip:x%3E&Replaces=1", "sip:a@192.0.2.1;lr"), ("sip:192.0.2.1?a=b?c", "sip:192.0.2.1"),
        ("sip:what?@192.0.2.1", "sip:what?@192.0.2.1"), ("sips:a?b@h?c=d@e", "sips:a?b@h"),
    ])
    func headers(uri: String, expected: String) throws {
        #expect(try #require(SIPTarget(uri)).uri == expected)
    }

    @Test("a socket address is read and written", arguments: [
        ("192.0.2.1:5060", "192.0.2.1:5060"), ("[2001:db8::1]:5060", "[2001:db8::1]:5060"),
    ])
    func socketAddresses(text: String, expected: String) throws {
        #expect(try #require(SocketAddress(text)).hostPort == expected)
    }

    @Test("what is no socket address is refused", arguments: ["", ":", "x:1", "1.2.3.4", "1.2.3.4:x", "1.2.3.4:65536", "::1"])
    func badSocketAddresses(text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test("UDP and TCP of one port share a stack; what is named twice is one")
    func groups() {
        let udp = ListenAddress(transport: .udp, address: "127.0.0.1", port: 5_060)
        let tcp = ListenAddress(transport: .tcp, address: "127.0.0.1", port: 5_060)
        let other = ListenAddress(transport: .tcp, address: "127.0.0.1", port: 5_061)
        let any = ListenAddress(transport: .udp, address: "127.0.0.1", port: 0)
        #expect([udp, other, tcp, udp, any, any].groupedByPort() == [
            ListenGroup(address: "127.0.0.1", port: 5_060, transports: [.udp, .tcp]),
            ListenGroup(address: "127.0.0.1", port: 5_061, transports: [.tcp]),
            ListenGroup(address: "127.0.0.1", port: 0, transports: [.udp]),
            ListenGroup(address: "127.0.0.1", port: 0, transports: [.udp]),
        ])
    }

    @Test("reasons are written as RFC 3326 has them")
    func reasons() {
        #expect(HeaderText.reason(.answeredElsewhere) == "SIP;cause=200;text=\"Call completed elsewhere\"")
        #expect(HeaderText.reason(SIPReason(protocolName: "Q.850", cause: 16, text: nil)) == "Q.850;cause=16")
    }

    @Test("a q value in thousandths", arguments: [
        ("1", 1_000), ("0", 0), ("0.5", 500), ("0.05", 50), ("0.999", 999), ("1.000", 1_000), ("1.5", 1_000), ("0.", 0),
        ("0.1234", 1_000), ("-1", 1_000), ("x", 1_000), ("", 1_000), ("0.+1", 1_000),
    ])
    func thousandths(text: String, expected: Int) {
        #expect(SIPIncomingRegister.Contact.thousandths(text) == expected)
    }
}

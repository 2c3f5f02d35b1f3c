import Foundation
@testable import SIPNames
import TestRandom
import Testing

@Suite("SIP URIs")
struct SIPURITests {
    @Test("URIs that RFC 3261 19.1.4 calls equivalent match, both ways", arguments: [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        ("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"),
        ("sip:alice@atlanta.com?subject=project%20x&priority=urgent", "sip:alice@atlanta.com?priority=urgent&subject=project%20x"),
        ("sip:a@[2001:DB8::1]:5062", "SIP:a@[2001:db8::1]:5062"),
        ("sip:a%2fb@host", "sip:a%2Fb@host"),
        ("sip:alice@host;ob", "sip:alice@host"),
    ])
    func equivalent(first: String, second: String) throws {
        let (first, second) = (try #require(SIPURI(first)), try #require(SIPURI(second)))
        #expect(first.matches(second))
        #expect(second.matches(first))
    }

    @Test("URIs that RFC 3261 19.1.4 calls different do not match, either way", arguments: [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@host", "sips:a@host"),
        ("sip:host", "sip:a@host"),
        ("sip:a@host;user=phone", "sip:a@host"),
        ("sip:a@host;ttl=1", "sip:a@host"),
        ("sip:a@host;method=INVITE", "sip:a@host"),
        ("sip:a@host;maddr=192.0.2.1", "sip:a@host"),
        ("sip:a:secret@host", "sip:a@host"),
        ("sip:a%40b@host", "sip:a@host"),
    ])
    func different(first: String, second: String) throws {
        let (first, second) = (try #require(SIPURI(first)), try #require(SIPURI(second)))
        #expect(!first.matches(second))
        #expect(!second.matches(first))
    }

    @Test("the parts of a URI are told apart")
    func parts() throws {
        let uri = try #require(SIPURI("sip:1001;ext=5?x@[2001:db8::2]:5070;transport=TLS;lr?a=b"))
        #expect(uri.user == "1001;ext=5?x" && uri.host == "2001:db8::2" && uri.uriHost == "[2001:db8::2]" && uri.port == 5_070)
        #expect(uri.parameters == ["transport": "tls", "lr": ""] && uri.headers == ["a=b"] && !uri.isSecure)
        #expect(uri.target + "?a=b" == uri.text)
    }

    @Test("what is no SIP URI, or breaks its grammar, is told apart", arguments: [
        "", "sip", "sip:", "sip:@host", "sip:a@", "tel:+4930123456", "mailto:a@b", "http://host/", "*", "sip:a@host:0", "sip:a@host:65536",
        "sip:a@host:50600000000000000000000", "sip:a@host:+5060", "sip:a@host:", "sip:a@[", "sip:a@[]", "sip:a@[::1", "sip:a@[::1]x", "sip:a@[g::1]",
        "sip:a@ho st", "sip:a@host\r\nVia: x", "sip:a@host>", "<sip:a@host>", "sip:a@host;", "sip:a@host;=x", "sip:a@host;a;a",
        "sip:a@host;a=%", "sip:%4@host", "sip:%zz@host", "sip:a@host?", "sip:a@host?a", "sip:é@host", "sip:a@host\0",
    ])
    func refused(text: String) {
        #expect(SIPURI(text)?.isWellFormed != true)
    }

    /// One reading for all: user, host, port, and what is sent as Request-URI. Each of these was once read in two ways.
    @Test("the user ends at the first @, and no @ behind the host makes another host", arguments: [
        ("sip:bob@example.org", "bob", "example.org", nil, "sip:bob@example.org"),
        ("sip:example.org", nil, "example.org", nil, "sip:example.org"),
        ("sip:@example.org", nil, "example.org", nil, "sip:@example.org"),
        // An @ in the user, escaped and not.
        ("sip:alice%40example.org@proxy:5070", "alice@example.org", "proxy", 5_070, "sip:alice%40example.org@proxy:5070"),
        ("sip:alice@example.org@proxy", "alice@example.org", "proxy", nil, "sip:alice@example.org@proxy"),
        ("sip:a@b@203.0.113.1:5070", "a@b", "203.0.113.1", 5_070, "sip:a@b@203.0.113.1:5070"),
        // In parameters and headers it is text.
        ("sip:bob@example.org;x=a@evil.example", "bob", "example.org", nil, "sip:bob@example.org;x=a@evil.example"),
        ("sip:bob@example.org?to=sip:a@evil.example", "bob", "example.org", nil, "sip:bob@example.org"),
        ("sip:bob@example.org;x?y=a@evil.example", "bob", "example.org", nil, "sip:bob@example.org;x"),
        // A user may have ; and ? of its own.
        ("sip:1001;ext=5?x@example.org;lr", "1001;ext=5?x", "example.org", nil, "sip:1001;ext=5?x@example.org;lr"),
        ("sip:192.0.2.1;x=a@192.0.2.2", "192.0.2.1;x=a", "192.0.2.2", nil, "sip:192.0.2.1;x=a@192.0.2.2"),
        // A password is no part of the user.
        ("sip:bob:secret@example.org", "bob", "example.org", nil, "sip:bob:secret@example.org"),
        ("sip:bob:s%40t@example.org", "bob", "example.org", nil, "sip:bob:s%40t@example.org"),
        ("sip:bob:@example.org", "bob", "example.org", nil, "sip:bob:@example.org"),
        // IPv6 references, in any spelling.
        ("sip:bob@[2001:DB8:0::1]", "bob", "2001:db8::1", nil, "sip:bob@[2001:DB8:0::1]"),
        ("sips:[::ffff:192.0.2.1]:5071;lr", nil, "::ffff:192.0.2.1", 5_071, "sips:[::ffff:192.0.2.1]:5071;lr"),
        // Escapes that are none stay, as do those of control characters.
        ("sip:100%@h", "100%", "h", nil, "sip:100%@h"), ("sip:a%0d%0ab%62@h", "a%0d%0abb", "h", nil, "sip:a%0d%0ab%62@h"),
        ("SIP:Bob@EXAMPLE.org.:65535", "Bob", "example.org.", 65_535, "SIP:Bob@EXAMPLE.org.:65535"),
    ] as [(String, String?, String, Int?, String)])
    func reading(text: String, user: String?, host: String, port: Int?, target: String) throws {
        let uri = try #require(SIPURI(text))
        #expect(uri.user == user)
        #expect(uri.host == host)
        #expect(uri.port == port)
        #expect(uri.target == target)
    }

    @Test("what leads nowhere is no URI", arguments: [
        "", "sip", "sip:", "sip:a@", "sip:a@@", "sip:a@b@", "sip:a@:5060", "tel:+4930123456", "mailto:a@b", "http://host/", "*", "bob@example.org",
        "sip:a@host:0", "sip:a@host:65536", "sip:a@host:", "sip:a@host:+5060", "sip:a@host:5060x", "sip:a@[", "sip:a@[]", "sip:a@[::1", "sip:a@[::1]x",
        "sip:a@[g::1]", "sip:a@[192.0.2.1]", "sip:a@2001:db8::1", "sip:a@[fe80::1%eth0]", "sip:a@ho st", "sip:a@host\r\nVia: x", "<sip:a@host>",
        "sip:a@h\"", "sip:é@host", "sip:a@host\0", "sip:a@ho/st", "sip:a@ho%73t", "sip:" + String(repeating: "a", count: 1_100) + "@h",
        "sip:a@" + String(repeating: "h", count: 300),
    ])
    func none(text: String) {
        #expect(SIPURI(text) == nil)
    }

    @Test("TLS is asked for by the scheme or the transport of the URI, not by what looks like it", arguments: [
        ("sips:h", true), ("sips:h;transport=tcp", true), ("sip:h;transport=TLS", true), ("sip:h;Transport=t%6Cs", true), ("sip:h", false),
        ("sip:h;transport=tcp;transport=tls", false), ("sip:a;transport=tls@h", false), ("sip:h?x=;transport=tls", false), ("sip:h;transport", false),
    ])
    func tls(text: String, needsTLS: Bool) throws {
        #expect(try #require(SIPURI(text)).needsTLS == needsTLS)
    }

    @Test("a tel: URI has a number, without its parameters", arguments: [
        ("tel:+49-30-123;phone-context=x@y", "+49-30-123"), ("TEL:110", "110"), ("tel:", nil), ("tel:;x", nil), ("sip:110", nil), ("110", nil),
    ] as [(String, String?)])
    func tel(text: String, number: String?) {
        #expect(TelURI(text)?.number == number)
    }

    @Test("a user is written so that it stays one, and read back", arguments: ["alice", "+1 555", "å%\"<>@;x", "a@evil.example;lr", "%30", ""])
    func escapes(user: String) throws {
        let uri = try #require(SIPURI("sip:\(SIPURI.escaped(user: user))@example.org"))
        #expect(uri.user ?? "" == user && uri.host == "example.org" && uri.parameters.isEmpty)
    }

    @Test("a host and a parameter are changed where they stand", arguments: [
        ("sip:localhost@localhost:5070;x=localhost", "sip:localhost@127.0.0.1:5070;x=localhost"), ("sips:LOCALHOST", "sips:127.0.0.1"),
        ("sip:a@b@[::1]:5?x=[::1]", "sip:a@b@127.0.0.1:5?x=[::1]"),
    ])
    func otherHost(text: String, expected: String) throws {
        #expect(try #require(SIPURI(text)).replacingHost(with: "127.0.0.1") == expected)
    }

    @Test("a parameter is taken out, and what looks like it elsewhere is not", arguments: [
        ("sip:a@h;method=BYE;lr?x=y", "sip:a@h;lr", "BYE"), ("sip:a;method=x@h;METHOD=refer", "sip:a;method=x@h", "refer"), ("sip:a;method=x@h", nil, nil),
        ("sip:a@h?method=x", nil, nil), ("sip:a@h;method", nil, nil),
    ] as [(String, String?, String?)])
    func withoutParameter(text: String, rest: String?, value: String?) throws {
        let found = try #require(SIPURI(text)).removingParameter("method")
        #expect(found?.uri == rest && found?.value == value)
    }

    /// Text from the network: whatever it is, what was read of it is read again from what would be sent.
    @Test("no text traps, and a URI's own target and plain form lead where it leads")
    func random() throws {
        var random = SeededRandom("URIs of random pieces")
        let seeds = ["sip:a:b@h.example:5060;transport=tcp;lr?x=y&z=%40", "sips:a@b@[2001:db8::1]:5061;m=\"", "sip:[::1]", "tel:+1;x=y", "sip:%40%3b@h"]
        let pieces = Array("@:;?&=%[]<>\"0123456789.sipabx \0é/\\")
        for _ in 0..<5_000 {
            var text = Array(seeds.randomElement(using: &random) ?? "")
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let index = Int.random(in: 0...text.count, using: &random)
                if Bool.random(using: &random), index < text.count { text.remove(at: index) }
                else { text.insert(pieces.randomElement(using: &random) ?? "@", at: index) }
            }
            _ = (TelURI(String(text)), Array(NameAddress.list(String(text))), SocketAddress(String(text)), IPAddress(host: String(text)))
            guard let uri = SIPURI(String(text)) else { continue }
            let (target, plain) = (SIPURI(uri.target), SIPURI(uri.plain))
            let isSame = target?.user == uri.user && target?.host == uri.host && target?.port == uri.port && target?.parameters == uri.parameters
                && plain?.user == uri.user && plain?.host == uri.host && plain?.port == uri.port && target?.headers == []
                && !uri.host.contains("@") && uri.matches(uri)
            #expect(isSame, "\(uri)")
            let moved = SIPURI(uri.replacingHost(with: "192.0.2.1"))
            #expect(moved?.host == "192.0.2.1" && moved?.user == uri.user && moved?.port == uri.port, "\(uri)")
        }
    }
}

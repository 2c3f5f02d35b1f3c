import Registrar
import Testing

@Suite("Contact URIs")
struct ContactURITests {
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
        let (first, second) = (try #require(ContactURI(first)), try #require(ContactURI(second)))
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
        let (first, second) = (try #require(ContactURI(first)), try #require(ContactURI(second)))
        #expect(!first.matches(second))
        #expect(!second.matches(first))
    }

    @Test("the parts of a URI are told apart")
    func parts() throws {
        let uri = try #require(ContactURI("sip:1001;ext=5?x@[2001:db8::2]:5070;transport=TLS;lr?a=b"))
        #expect(uri.user == "1001;ext=5?x" && uri.host == "[2001:db8::2]" && uri.port == 5_070)
        #expect(uri.parameters == ["transport": "tls", "lr": ""] && uri.headers == ["a=b"] && !uri.isSecure)
        #expect(uri.target + "?a=b" == uri.text)
    }

    @Test("what is no SIP URI is refused", arguments: [
        "", "sip", "sip:", "sip:@host", "sip:a@", "tel:+4930123456", "mailto:a@b", "http://host/", "*", "sip:a@host:0", "sip:a@host:65536",
        "sip:a@host:50600000000000000000000", "sip:a@host:+5060", "sip:a@host:", "sip:a@[", "sip:a@[]", "sip:a@[::1", "sip:a@[::1]x", "sip:a@[g::1]",
        "sip:a@ho st", "sip:a@host\r\nVia: x", "sip:a@host>", "<sip:a@host>", "sip:a@host;", "sip:a@host;=x", "sip:a@host;a;a",
        "sip:a@host;a=%", "sip:%4@host", "sip:%zz@host", "sip:a@host?", "sip:a@host?a", "sip:é@host", "sip:a@host\0",
    ])
    func refused(text: String) {
        #expect(ContactURI(text) == nil)
    }
}

import BrowserAPI
@testable import Calls
import Testing

@Suite("A URI that a client dials")
struct DialledURITests {
    @Test(
        "stands as it is, but for localhost, which no name server has to know",
        arguments: [
            ("sip:bob@192.0.2.1:5062;transport=tcp", "sip:bob@192.0.2.1:5062;transport=tcp"),
            ("SIP:bob@example.com", "SIP:bob@example.com"), ("sips:bob@localhost", "sips:bob@127.0.0.1"),
            ("sip:bob@localhost:5070", "sip:bob@127.0.0.1:5070"),
            ("sip:bob@LocalHost;transport=tcp", "sip:bob@127.0.0.1;transport=tcp"),
            ("sip:localhost", "sip:127.0.0.1"),
            ("sip:localhost@example.com", "sip:localhost@example.com"),
            ("sip:bob@localhost.example.com", "sip:bob@localhost.example.com"),
        ])
    func dialled(_ uri: String, becomes expected: String) throws {
        #expect(try DialledURI.checked(uri) == expected)
    }

    @Test(
        "is refused where it cannot stand in a request",
        arguments: ["sip:", "sip:bob@", "sip:bob@a b", "sip:bob@a\r\nX: y", "sip:<bob@a>", "tel:+4930123", "sips:", "sip:bob@ä"])
    func refused(_ uri: String) {
        #expect(throws: APIError.self) { try DialledURI.checked(uri) }
    }
}

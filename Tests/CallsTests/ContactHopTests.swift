@testable import Calls
@testable import Registrar
import SIP
import SIPNames
import Testing

@Suite("Where a contact is called")
struct ContactHopTests {
    private func binding(_ contact: String, path: [String], flow: String) throws -> Binding {
        Binding(
            id: 1, user: "alice", contact: try #require(SIPURI(contact)), expires: .now, updated: .now, callID: "1", cSeq: 1, path: path,
            flow: flow, received: "")
    }

    @Test("is over its flow, whatever Contact and Path say", arguments: [
        ("tcp/198.51.100.5:40000/192.0.2.1:5060", []),
        ("udp/198.51.100.5:40000/192.0.2.1:5060", []), ("udp/198.51.100.5:40000/192.0.2.1:5060", ["sip:203.0.113.1:5070;lr"]),
    ] as [(String, [String])])
    func flow(text: String, path: [String]) throws {
        let flow = try #require(SIPFlow(text))
        let hop = SIPHop(to: try binding("sip:+49900@203.0.113.1:5070;maddr=203.0.113.1", path: path, flow: text), flow)
        #expect(hop?.flow == flow)
    }

    @Test(
        "is behind a proxy at the port and by the transport of the Path, but at no other address than the one that registered",
        arguments: [
            ("sip:203.0.113.1:5070;lr", "tcp:198.51.100.5:5070", "203.0.113.1"), ("sip:edge.example.org;lr", "tcp:198.51.100.5:5060", "edge.example.org"),
            ("sip:127.0.0.1:8080;lr;transport=UDP", "udp:198.51.100.5:8080", "127.0.0.1"), ("sips:[2001:db8::1];lr", "tls:198.51.100.5:5061", "2001:db8::1"),
            ("sip:a@b@203.0.113.1:5070", "tcp:198.51.100.5:5070", "203.0.113.1"),
        ])
    func path(first: String, hop expected: String, name: String) throws {
        let flow = "tcp/198.51.100.5:40000/192.0.2.1:5060"
        let hop = SIPHop(to: try binding("sip:alice@203.0.113.1", path: [first, "sip:203.0.113.1;lr"], flow: flow), try #require(SIPFlow(flow)))
        #expect(hop?.description == expected && hop?.serverName == name && hop?.flow == nil)
    }

    @Test("is nowhere where the Path cannot be read")
    func unreadable() throws {
        let flow = "tcp/198.51.100.5:40000/192.0.2.1:5060"
        #expect(SIPHop(to: try binding("sip:alice@h", path: ["tel:1"], flow: flow), try #require(SIPFlow(flow))) == nil)
    }
}

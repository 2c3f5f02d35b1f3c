@testable import Configuration
@testable import Routing
import SIP
import SIPNames
import Testing

@Suite("The gateway's own addresses")
struct OwnAddressesTests {
    private let own = OwnAddresses(
        listening: [
            ListenAddress(transport: .udp, address: "192.0.2.1", port: 5060),
            ListenAddress(transport: .tcp, address: "0.0.0.0", port: 5070),
            ListenAddress(transport: .udp, address: "2001:db8::1", port: 5060),
            ListenAddress(transport: .tls, address: "192.0.2.5", port: 5061),
        ],
        domain: "sip.example.org", host: { HostAddresses(all: ["127.0.0.1", "192.0.2.7"], defaultRoute: nil) })

    @Test(
        "are known by address and port, in any spelling, and by the gateway's name",
        arguments: [
            "sip:bob@192.0.2.1", "sip:192.0.2.1:5060;transport=udp", "SIP:bob@192.0.2.1:5060", "sip:bob@192.0.2.7:5070",
            "sip:bob@127.0.0.1:5070", "sip:bob@localhost:5070", "sip:bob@[2001:DB8:0::1]", "sip:bob@SIP.example.org",
            "sip:a;b?c@sip.example.org:5070?x=y", "sips:bob@192.0.2.5", "sip:192.0.2.5;transport=tls", "sips:bob@sip.example.org",
        ])
    func own(uri: String) { #expect(own.contain(uri: uri)) }

    @Test(
        "are not taken for others",
        arguments: [
            "sip:bob@192.0.2.1:5061", "sip:bob@192.0.2.2", "sip:bob@192.0.2.7:5060", "sip:bob@192.0.2.9:5070", "sip:bob@example.org",
            "sip:192.0.2.1@192.0.2.2", "tel:1", "sip:", "sip:@", "sip:a@[", "sip:a@192.0.2.1:x", "sip:a@192.0.2.1:",
            "sip:a@192.0.2.1:99999999999999999999", "", "sip:bob@192.0.2.5", "sips:bob@192.0.2.5:5060",
        ])
    func others(uri: String) { #expect(!own.contain(uri: uri)) }

    @Test("behind a NAT the public address is the gateway's, at the ports of its listeners of IPv4")
    func publicAddress() {
        let own = OwnAddresses(
            listening: [
                ListenAddress(transport: .udp, address: "10.0.0.5", port: 5060), ListenAddress(transport: .tcp, address: "0.0.0.0", port: 5070),
                ListenAddress(transport: .udp, address: "127.0.0.1", port: 5080), ListenAddress(transport: .udp, address: "2001:db8::1", port: 5090),
            ],
            domain: "sip.example.org", publicAddress: IPAddress("203.0.113.5"), host: { HostAddresses(all: ["127.0.0.1", "10.0.0.5"], defaultRoute: nil) })
        for uri in ["sip:bob@203.0.113.5", "sip:bob@203.0.113.5:5070", "sip:bob@10.0.0.5"] { #expect(own.contain(uri: uri)) }
        for uri in ["sip:bob@203.0.113.5:5080", "sip:bob@203.0.113.5:5090", "sip:bob@203.0.113.6"] { #expect(!own.contain(uri: uri)) }
        #expect(own.contain(host: "203.0.113.5"))
    }

    @Test("tell what the gateway has sent to itself, over UDP")
    func source() {
        #expect(own.contain(source: "192.0.2.1:5060", .udp))
        #expect(own.contain(source: "[2001:db8::1]:5060", .udp))
        #expect(!own.contain(source: "192.0.2.1:5062", .udp))
        #expect(!own.contain(source: "192.0.2.7:5070", .tcp))
        #expect(!own.contain(source: "192.0.2.2:5060", .udp))
    }
}

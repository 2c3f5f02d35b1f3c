import SIPNames
import Testing

@Suite("A NAT before the gateway")
struct NATMappingTests {
    @Test("peers in local networks and this machine are told the own address, all others the public one", arguments: [
        ("198.51.100.9", false), ("203.0.113.5", false), ("10.2.0.1", false), ("10.1.0.1", true), ("::ffff:10.1.0.1", true), ("192.0.2.5", true), ("127.0.0.1", true),
        ("2001:db8::9", false), ("::1", true), ("::ffff:198.51.100.9", false),
    ])
    func locality(peer: String, isLocal: Bool) throws {
        let nat = NATMapping(
            publicAddress: try #require(IPAddress("203.0.113.5")), ownAddress: try #require(IPAddress("192.0.2.5")), localNetworks: [try #require(AddressRange("10.1.0.0/16"))])
        #expect(nat.isLocal(try #require(IPAddress(peer))) == isLocal)
    }
}

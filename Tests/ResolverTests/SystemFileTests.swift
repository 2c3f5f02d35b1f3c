import Testing
@testable import Resolver

@Suite("The system's files")
struct SystemFileTests {
    @Test("the servers of a resolv.conf, three at most; without any, this host")
    func resolvConf() {
        let text = """
            # nameserver 192.0.2.9
            search example.org
            nameserver 192.0.2.1
            \tnameserver\t2001:DB8:0::1 # comment
            nameserver
            nameserver fe80::1%eth0
            nameserver one.example
            nameserver 192.0.2.2
            nameserver 192.0.2.3
            """
        let servers = NameServer.list(inResolvConf: text, port: 53).map(\.description)
        #expect(servers == ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"])
        #expect(NameServer.list(inResolvConf: "", port: 5_300).map(\.description) == ["127.0.0.1:5300"])
    }

    @Test("a name server is a numeric address of one host, and a port")
    func nameServers() {
        #expect(NameServer(address: "[::1]", port: 5_300)?.description == "[::1]:5300")
        for address in ["", "ns.example", "0.0.0.0", "255.255.255.255", "ff02::1", "192.0.2.1:53"] {
            #expect(NameServer(address: address) == nil)
        }
        #expect(NameServer(address: "192.0.2.1", port: 0) == nil)
        #expect(NameServer(address: "192.0.2.1", port: 65_536) == nil)
    }

    @Test("a name in the hosts file has the addresses there, and no others")
    func hosts() throws {
        let hosts = HostsFile("""
            127.0.0.1 localhost
            192.0.2.1 PBX pbx.example.org # 192.0.2.9 other
            2001:db8::1 pbx.example.org
            192.0.2.2\tpbx
            nonsense pbx
            # 192.0.2.3 pbx
            192.0.2.4
            """)
        func answer(_ name: String, _ type: DNSRecordType) throws -> [String]? {
            hosts.answer(to: DNSQuestion(try #require(DNSName(name)), type))?.addresses.map(\.description)
        }
        #expect(try answer("pbx", .a) == ["192.0.2.1", "192.0.2.2"])
        #expect(try answer("pbx", .aaaa) == [])
        #expect(try answer("pbx.example.org", .aaaa) == ["2001:db8::1"])
        #expect(try answer("other", .a) == nil)
        #expect(try answer("pbx", .srv) == nil)
    }
}

import SIPNames
import Testing

@Suite("Shares of connections")
struct ConnectionSharesTests {
    /// Each an address, seconds of silence, and whether it is known.
    private func connections(_ list: [(String, Int, Bool)]) throws -> [ConnectionShares.Connection] {
        try list.enumerated().map { index, one in
            let address = try #require(IPAddress(one.0))
            return ConnectionShares.Connection(id: index, source: SourceAddress(address, exempt: .loopback), idle: .seconds(one.1), isKnown: one.2)
        }
    }

    private func closed(_ shares: ConnectionShares, _ list: [(String, Int, Bool)]) throws -> [Int] {
        shares.surplus(of: try connections(list)).map(\.id)
    }

    @Test("an address loses beyond its share what has been idle longest, not what it opened last; those who are known there, and others, lose nothing")
    func address() throws {
        let shares = ConnectionShares(perAddress: 2, perNetwork: 100, inAll: 100)
        let list = [("192.0.2.1", 5, false), ("192.0.2.1", 90, false), ("192.0.2.1", 1, false), ("192.0.2.1", 900, true), ("192.0.2.1", 901, true), ("192.0.2.2", 9, false)]
        #expect(try closed(shares, list) == [1])
        #expect(try closed(shares, [("2001:db8::1", 1, false), ("2001:db8::2", 2, false), ("2001:db8::3", 3, false), ("2001:db8:0:1::1", 9, false)]) == [2])
        #expect(try closed(shares, [("127.0.0.1", 1, false), ("127.0.0.1", 1, false), ("::1", 1, false), ("127.0.0.1", 1, false)]) == [])
        #expect(try closed(shares, []) == [])
    }

    @Test("many addresses of one network share")
    func network() throws {
        let shares = ConnectionShares(perAddress: 2, perNetwork: 3, inAll: 100)
        let list = (0..<6).map { ("192.0.2.\($0)", $0, false) } + [("198.51.100.1", 50, false)]
        #expect(try Set(closed(shares, list)) == [3, 4, 5])
        let six = (0..<6).map { ("2001:db8:7:\($0)::1", $0, false) } + [("2001:db8:8::1", 50, false)]
        #expect(try Set(closed(shares, six)) == [3, 4, 5])
    }

    @Test("where there are too many in all, the networks that have most lose first, and those who are known last")
    func total() throws {
        let shares = ConnectionShares(perAddress: 10, perNetwork: 10, inAll: 4)
        let list = [("192.0.2.1", 1, false), ("192.0.2.1", 2, false), ("192.0.2.1", 3, false), ("198.51.100.1", 9, false), ("203.0.113.1", 999, true), ("203.0.113.1", 998, true)]
        #expect(try Set(closed(shares, list)) == [1, 2])
    }

    @Test("exempt addresses have no share but that of all")
    func exempt() throws {
        let exempt = ExemptAddresses.loopback.union(ExemptAddresses(["192.0.2.0/28"].compactMap(AddressRange.init)))
        let connections = try ["192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2", "192.0.2.17", "192.0.2.17", "127.0.0.1", "127.0.0.1"].enumerated().map { index, text in
            let address = try #require(IPAddress(text))
            return ConnectionShares.Connection(id: index, source: SourceAddress(address, exempt: exempt), idle: .seconds(1), isKnown: false)
        }
        #expect(ConnectionShares(perAddress: 1, perNetwork: 1, inAll: 100).surplus(of: connections).map(\.id) == [5])
        #expect(ConnectionShares(perAddress: 9, perNetwork: 9, inAll: 5).surplus(of: connections).count == 3)
    }

    @Test("an address of IPv4 or a /64 is an address, a /24 or a /48 its network, in whatever way it is written")
    func sources() {
        for (text, address, network) in [
            ("192.0.2.77", "192.0.2.77", "192.0.2.0"), ("192.0.2.77:5060", "192.0.2.77", "192.0.2.0"), ("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0"),
            ("[2001:db8:1:2::3]:5060", "2001:db8:1:2::/64", "2001:db8:1::"), ("2001:DB8:1:2:3::", "2001:db8:1:2::/64", "2001:db8:1::"), ("fe80::1%eth0", "fe80::/64", "fe80::"),
        ] {
            let source = SourceAddress(text)
            #expect(source?.description == address && source?.network.description == network, "\(text)")
        }
        #expect(SourceAddress("nobody") == nil && SourceAddress("") == nil && SourceAddress("192.0.2.0/24") == nil)
    }
}

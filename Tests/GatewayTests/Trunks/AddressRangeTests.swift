@testable import Gateway
import Testing

@Suite struct AddressRangeTests {
    @Test(
        "a range has the addresses that begin so, IPv4 also where it comes mapped into IPv6",
        arguments: [
            ("192.0.2.0/24", ["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7"], ["192.0.3.0", "192.0.1.255", "::192.0.2.7", "2001:db8::1"]),
            ("192.0.2.128/25", ["192.0.2.128", "192.0.2.255"], ["192.0.2.127"]),
            ("10.0.0.0/8", ["10.255.0.1"], ["11.0.0.0"]), ("192.0.2.1", ["192.0.2.1"], ["192.0.2.0"]),
            ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1", "32.1.13.184"]),
            ("::1", ["::1"], ["::2", "0.0.0.1", "127.0.0.1"]), ("::ffff:192.0.2.0/120", ["192.0.2.9"], ["192.0.3.9", "::c000:209"]),
        ] as [(String, [String], [String])])
    func contains(text: String, inside: [String], outside: [String]) throws {
        let range = try #require(AddressRange(text))
        for address in inside { #expect(range.contains(try #require(IPAddress(address))), "\(address)") }
        for address in outside { #expect(!range.contains(try #require(IPAddress(address))), "\(address)") }
    }

    @Test(
        "what is no range is none",
        arguments: [
            "", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.1/24", "192.0.2/24", "example.org",
            "2001:db8::/129", "2001:db8::1/64", "::ffff:192.0.2.0/95", "192.0.2.0/24/24", "[::1]", "192.0.2.0/9999999999999999999999",
        ])
    func refused(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test("a range prints as it is written", arguments: ["192.0.2.0/24", "192.0.2.1", "2001:db8::/32", "::1"])
    func printed(text: String) {
        #expect(AddressRange(text)?.description == text)
    }
}

@Suite struct SourceMatcherTests {
    private func trunk(_ name: String, _ ranges: [String], domains: [RouteDomain] = []) -> Trunk {
        var trunk = Trunk(name: name, targets: [TrunkTarget(host: "h")])
        trunk.inbound.addresses = ranges.compactMap(AddressRange.init)
        trunk.inbound.domains = domains
        return trunk
    }

    @Test(
        "the longest range of the address has it, whatever the port",
        arguments: [
            ("192.0.2.1:5060", "carrier"), ("192.0.2.1:40000", "carrier"), ("192.0.2.1", "carrier"), ("192.0.2.77:5060", "pbx"),
            ("[::ffff:192.0.2.77]:5060", "pbx"), ("192.0.2.129:5060", "pbx"), ("[2001:db8::5]:5061", "carrier"),
            ("198.51.100.1:5060", nil), ("[2001:db9::5]:5061", nil), ("", nil), ("[", nil), (":5060", nil), ("example.org:5060", nil),
            ("192.0.2.1.example:5060", nil),
        ])
    func longest(source: String, name: String?) {
        let matcher = SourceMatcher([
            trunk("carrier", ["192.0.2.0/24", "2001:db8::/32"]), trunk("pbx", ["192.0.2.77", "192.0.2.128/25"]),
        ])
        #expect(matcher.trunk(source: source, domain: "example.org") == name)
    }

    @Test("a trunk whose calls come in under a domain has no others")
    func domains() {
        let matcher = SourceMatcher([trunk("wide", ["192.0.2.0/24"]), trunk("pbx", ["192.0.2.77"], domains: [.exact("example.org")])])
        #expect(matcher.trunk(source: "192.0.2.77:5060", domain: "EXAMPLE.org") == "pbx")
        #expect(matcher.trunk(source: "192.0.2.77:5060", domain: "192.0.2.2") == nil)
    }
}

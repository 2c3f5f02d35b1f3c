@testable import Configuration
@testable import Routing
import SIPNames
import Testing

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

import SIPNames
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

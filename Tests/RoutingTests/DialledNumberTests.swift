@testable import Routing
import Testing

@Suite("A number that is dialled")
struct DialledNumberTests {
    @Test("has neither separators nor parameters when the routes are asked", arguments: [
        ("00-870.123", "00870123"), ("00(870) 123", "00870123"), ("+49 30-123", "+4930123"), ("(030)12.3;phone-context=example.com", "030123"),
        ("0049123;rn=+870123;npdi", "0049123"), ("*21*0170-1#", "*21*01701#"), ("", ""), ("112", "112"),
    ])
    func numbers(_ written: String, is expected: String) {
        #expect(DialledNumber.plain(written) == expected)
    }

    @Test("names keep their separators, and whatever is no number", arguments: ["a.b", "jean-luc", "10a-b", "+", "-", "...", "x 1", "é-1"])
    func names(_ written: String) {
        #expect(DialledNumber.plain(written) == written)
    }

    @Test("a name that looks like a number stays one")
    func numericNames() {
        #expect(DialledNumber.plain("10-1") { $0 == "10-1" } == "10-1")
        #expect(DialledNumber.plain("10-1;x") { $0 == "10-1" } == "10-1")
        #expect(DialledNumber.plain("10-2") { $0 == "10-1" } == "102")
    }
}

@testable import Configuration
import SIPNames
import Testing

@Suite struct RouteTests {
    @Test(
        "a pattern matches what it says and nothing else",
        arguments: [
            ("*", ["", "x"], []), ("echo", ["echo"], ["Echo", "echo2", ""]),
            ("00*", ["00", "0049"], ["0", "1"]), ("/1[0-9]{2}/", ["100", "199"], ["1000", "10", "a100"]),
            ("/a|b/", ["a", "b"], ["ab", "xa", "bx"]),
        ] as [(String, [String], [String])])
    func patterns(text: String, matching: [String], other: [String]) throws {
        let pattern = try RoutePattern(parsing: text)
        for dialled in matching { #expect(pattern.matches(dialled), "\(dialled)") }
        for dialled in other { #expect(!pattern.matches(dialled), "\(dialled)") }
        #expect(pattern.description == text)
    }

    @Test(
        "a pattern's groups are what they took, or what the star stands for",
        arguments: [
            ("*", "0049", ["0049"]), ("00*", "0049", ["49"]), ("00*", "00", [""]), ("0049", "0049", []),
            ("/00([0-9]+)/", "0049", ["49"]), ("/(a)|(b)/", "b", ["", "b"]), ("/(ü)(.*)/", "üüé", ["ü", "üé"]),
            ("/((a)(b))/", "ab", ["ab", "a", "b"]),
        ] as [(String, String, [String])])
    func groups(text: String, dialled: String, groups: [String]) throws {
        let pattern = try RoutePattern(parsing: text)
        #expect(pattern.match(dialled) == RouteMatch(user: dialled, groups: groups))
        #expect(pattern.groupCount == groups.count)
    }

    @Test(
        "an expression that makes backtracking matchers slow is quick on a long user, and never sees an overlong one",
        arguments: ["/(a+)+b/", "/((a*)*)*b?/", "/(a|aa)*(a|aa)*(.*)/", "/(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b?/"])
    func bounded(text: String) throws {
        let pattern = try RoutePattern(parsing: text)
        let time = ContinuousClock().measure { _ = pattern.match(String(repeating: "a", count: 1_000)) }
        #expect(time < .seconds(1))
        #expect(!pattern.matches(String(repeating: "a", count: 100_000) + "b"))
        #expect(!pattern.matches("a\0b"))
    }

    @Test(
        "a template has the user and the groups in their places",
        arguments: [
            ("+{1}", "+4930"), ("{user}", "004930"), ("x{1}y{user}z", "x4930y004930z"), ("{2}!", "!"), ("plain", "plain"),
        ])
    func templates(text: String, filled: String) throws {
        let match = RouteMatch(user: "004930", groups: ["4930"])
        #expect(try RouteTemplate(parsing: text).filled(with: match) == filled)
    }

    @Test("what is no placeholder is refused", arguments: ["{", "}", "{}", "{0}", "{10}", "{users}", "a{1", "{{1}}"])
    func badTemplates(text: String) {
        #expect(throws: RouteTextError.self) { try RouteTemplate(parsing: text) }
    }

    @Test(
        "a dialled user stays a user part whatever it holds",
        arguments: [
            ("+4930", "+4930"), ("a@evil.example;x", "a%40evil.example%3Bx"), ("a>\r\nX: y", "a%3E%0D%0AX%3A%20y"),
            ("50%25", "50%2525"), ("50%", "50%25"), ("%30", "%2530"), ("ü", "%C3%BC"), ("{user}", "%7Buser%7D"),
        ])
    func escaping(dialled: String, escaped: String) throws {
        let template = try RouteTemplate(parsing: "sip:{user}@h")
        let match = RouteMatch(user: dialled)
        #expect(template.filled(with: match, escape: SIPURI.escaped) == "sip:\(escaped)@h")
    }

    @Test(
        "a domain is compared without case, and *. is what is below it",
        arguments: [
            (RouteDomain.exact("example.org"), ["example.org", "Example.ORG", "example.org."], ["sip.example.org", "example.or", ""]),
            (.below(".example.org"), ["sip.example.org", "A.b.EXAMPLE.org"], ["example.org", ".example.org", "badexample.org"]),
            (.exact("2001:db8::1"), ["[2001:DB8::1]", "2001:db8::1"], ["2001:db8::2"]),
        ] as [(RouteDomain, [String], [String])])
    func domains(domain: RouteDomain, matching: [String], other: [String]) {
        for host in matching { #expect(domain.matches(host), "\(host)") }
        for host in other { #expect(!domain.matches(host), "\(host)") }
    }
}

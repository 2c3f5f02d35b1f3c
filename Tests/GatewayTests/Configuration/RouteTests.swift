@testable import Gateway
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
    }

    @Test("an expression that makes backtracking matchers slow is quick on a long user, and never sees an overlong one")
    func bounded() throws {
        let pattern = try RoutePattern(parsing: "/(a+)+b/")
        let clock = ContinuousClock()
        let time = clock.measure { #expect(!pattern.matches(String(repeating: "a", count: 1_000))) }
        #expect(time < .seconds(1))
        #expect(!pattern.matches(String(repeating: "a", count: 100_000) + "b"))
        #expect(!pattern.matches("a\0b"))
    }

    @Test("the first route that matches decides")
    func order() throws {
        var configuration = GatewayConfiguration()
        configuration.routes = [
            Route(pattern: .exact("100"), action: .user("bob")),
            Route(pattern: .prefix("1"), action: .sip(target: "sip:{user}@192.0.2.1")),
            Route(pattern: .prefix("2"), action: .sip(target: "sip:{user}@192.0.2.2"), srtp: .required),
            Route(pattern: .exact("echo"), action: .echo),
            Route(pattern: .any, action: .user(nil)),
        ]
        #expect(configuration.destination(dialled: "100") == .user(SampleUsers.all[1]))
        #expect(configuration.destination(dialled: "101") == .sip(uri: "sip:101@192.0.2.1"))
        #expect(configuration.destination(dialled: "201") == .sip(uri: "sip:201@192.0.2.2", srtp: .required))
        #expect(configuration.destination(dialled: "echo") == .echo)
        #expect(configuration.destination(dialled: "alice") == .user(SampleUsers.all[0]))
        #expect(configuration.destination(dialled: "nobody") == nil)
    }

    @Test(
        "a dialled user stays a user part whatever it holds",
        arguments: [
            ("+4930", "+4930"), ("a@evil.example;x", "a%40evil.example%3Bx"), ("a>\r\nX: y", "a%3E%0D%0AX%3A%20y"),
            ("50%25", "50%25"), ("50%", "50%25"), ("%4", "%254"), ("ü", "%C3%BC"), ("{user}", "%7Buser%7D"),
        ])
    func escaping(dialled: String, escaped: String) {
        #expect(RouteTarget.uri("sip:{user}@h", dialled: dialled) == "sip:\(escaped)@h")
    }
}

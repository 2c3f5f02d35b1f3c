@testable import Configuration
import Testing

@Suite struct TrunkNumberTests {
    private func rules(_ pairs: (String, String)...) throws -> NumberRules {
        NumberRules(try pairs.map { .init(try RoutePattern(parsing: $0.0), try RouteTemplate(parsing: $0.1)) })
    }

    @Test(
        "the first rule whose pattern fits turns the number into another notation",
        arguments: [
            ("004930123", "+4930123"), ("030123", "+4930123"), ("+4930123", "+4930123"), ("112", "112"), ("", ""), ("0", "+49"),
            ("12-34", "+4930" + "1234"),
        ])
    func normalise(number: String, result: String) throws {
        let rules = try rules(("00*", "+{1}"), ("0*", "+49{1}"), ("/([0-9]+)-([0-9]+)/", "+4930{1}{2}"), ("0049*", "never"))
        #expect(rules.normalise(number) == result)
    }

    @Test("without rules a number stays as it is")
    func noRules() {
        #expect(NumberRules().normalise("0049") == "0049")
    }

    @Test("the caller is told as the rule says, and its name with its number only")
    func callerID() throws {
        let caller = CallerIdentity(user: "17", host: "example.org", displayName: "Ünal")
        #expect(CallerIDRule.pass.apply(caller) == caller)
        #expect(CallerIDRule.number(try RouteTemplate(parsing: "+4930123")).apply(caller) == CallerIdentity(user: "+4930123"))
        #expect(CallerIDRule.number(try RouteTemplate(parsing: "+4930{user}")).apply(caller)
            == CallerIdentity(user: "+493017", displayName: "Ünal"))
        #expect(CallerIDRule.uri(user: try RouteTemplate(parsing: "main"), host: "carrier.example").apply(caller)
            == CallerIdentity(user: "main", host: "carrier.example"))
    }

    @Test(
        "a target makes a Request-URI, in which what is dialled stays a user",
        arguments: [
            (TrunkTarget(host: "h.example"), "1", "sip:1@h.example"), (TrunkTarget(host: "h", port: 5070, transport: "tcp"), "1", "sip:1@h:5070;transport=tcp"),
            (TrunkTarget(host: "[2001:db8::1]", isSecure: true), "a@b;c", "sips:a%40b%3Bc@[2001:db8::1]"), (TrunkTarget(host: "h"), "", "sip:h"),
        ])
    func requestURI(target: TrunkTarget, dialled: String, uri: String) {
        #expect(target.uri(user: dialled) == uri)
    }

    @Test("the next target is tried after 408 and 5xx, or after what the trunk says")
    func failover() {
        var trunk = Trunk(name: "t", targets: [])
        #expect([408, 500, 503, 599].allSatisfy(trunk.failsOver))
        #expect([404, 486, 480, 603, 200].allSatisfy { !trunk.failsOver(on: $0) })
        trunk.failoverOn = [StatusRange(404...404), StatusRange(600...699)]
        #expect([404, 603].allSatisfy(trunk.failsOver))
        #expect([408, 503].allSatisfy { !trunk.failsOver(on: $0) })
    }
}

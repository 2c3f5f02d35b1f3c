@testable import Configuration
import Testing

@Suite struct ProbeTests {
    private func load(_ probes: String) throws -> [Probe] {
        try ConfigurationReader.load(
            text: """
                users: [{name: alice, password: a-long-password}]
                trunks: [{name: carrier, targets: sip:192.0.2.1}]
                probes:
                \(probes)
                """, host: .usual).configuration.probes
    }

    @Test func `a probe is read with its limits`() throws {
        let probe = try #require(try load("  - {name: berlin, call: \"+4930123\", trunk: carrier, from: alice, every: 15m, seconds: 20, expect: milliwatt, minimum_mos: 4, maximum_round_trip: 150ms}").first)
        #expect(probe.name == "berlin" && probe.call == "+4930123" && probe.trunk == "carrier" && probe.from == "alice")
        #expect(probe.every == .seconds(900) && probe.seconds == 20 && probe.expectation == .milliwatt)
        #expect(probe.minimumScore == 4 && probe.maximumRoundTrip == .milliseconds(150))
    }

    @Test(arguments: [
        ("  - {call: echo}", "a probe must have a name"),
        ("  - {name: a}", "a probe must have a call"),
        ("  - {name: a, call: \"sip:b@c\"}", "not a URI"),
        ("  - {name: a, call: b, trunk: carier}", "there is no trunk carier"),
        ("  - {name: a, call: b, from: bob}", "there is no user bob"),
        ("  - {name: a, call: b, every: 5s}", "is not in"),
        ("  - {name: a, call: b, seconds: 61}", "is not in 3 to 60"),
        ("  - {name: a, call: b, minimum_mos: 5}", "is not in 1 to 4.5"),
        ("  - {name: a, call: b}\n  - {name: a, call: c}", "there is a probe a already"),
    ])
    func `what cannot be meant is refused`(text: String, reason: String) throws {
        let error = #expect(throws: TernConfigurationError.self) { try load(text) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
}

import Authentication
@testable import Configuration
import SDP
import Testing

@Suite struct TrunkConfigurationTests {
    private func load(_ text: String) throws -> LoadedConfiguration {
        try ConfigurationReader.load(text: text, host: .usual)
    }

    private func problems(_ text: String) -> [ConfigurationProblem] {
        do throws(TernConfigurationError) {
            _ = try ConfigurationReader.load(text: text, host: .usual)
            return []
        } catch {
            return error.problems
        }
    }

    @Test("a trunk needs a name and a target, and all else has a default")
    func defaults() throws {
        let trunks = try load("trunks: [{name: carrier, targets: sip:sip.example.net}]").configuration.trunks
        #expect(trunks == [Trunk(name: "carrier", targets: [TrunkTarget(host: "sip.example.net")])])
        let trunk = try #require(trunks.first)
        #expect(trunk.keepalive.interval == .seconds(30) && trunk.keepalive.failures == 2)
        #expect(trunk.registration == nil && trunk.credentials == nil && trunk.callerID == .pass && !trunk.isTrusted)
        #expect(trunk.timeout == .seconds(8) && trunk.maximumCalls == nil)
    }

    @Test("every key of a trunk can be read back with another value")
    func allKeys() throws {
        let text = """
            trunks:
              - name: carrier
                targets: ['sip:SIP1.example.net:5070;transport=TCP', 'sips:[2001:DB8::1]', sip:192.0.2.9]
                username: 4930123
                password: s3cret
                realm: example.net
                register: true
                expires: 10m
                contact: main
                keepalive: 1m
                keepalive_failures: 3
                from_addresses: [192.0.2.0/24, '2001:db8::/32', 198.51.100.7]
                inbound: {username: them, ha1: 'MD5:0123456789ABCDEF0123456789abcdef'}
                domains: [example.org, '*.example.com']
                dialled_from: to
                caller_id: "+4930{user}"
                from_domain: Example.net
                trusted: yes
                maximum_calls: 30
                srtp: required
                failover_on: [404, 5xx]
                timeout: 5
                numbers:
                  inbound_dialled: [{match: '00*', to: '+{1}'}]
                  inbound_caller: {match: '0*', to: '+49{1}'}
                  outbound_dialled: [{match: '/\\+49(.*)/', to: '0{1}'}, {match: '+*', to: '00{1}'}]
                  outbound_caller: [{match: '1*', to: '{user}'}]
            """
        let trunk = try #require(try load(text).configuration.trunks.first)
        #expect(trunk.targets.map(\.description) == ["sip:sip1.example.net:5070;transport=tcp", "sips:[2001:db8::1]", "sip:192.0.2.9"])
        #expect(trunk.credentials == TrunkCredentials(username: "4930123", .password(Secret("s3cret")), realm: "example.net"))
        #expect(trunk.registration?.contact == "main" && trunk.registration?.expires == .seconds(600))
        #expect(trunk.keepalive.interval == .seconds(60) && trunk.keepalive.failures == 3)
        #expect(trunk.inbound.addresses.map(\.description) == ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"])
        #expect(trunk.inbound.credentials
            == TrunkCredentials(
                username: "them", .ha1(try PasswordEntry(parsing: "MD5:0123456789abcdef0123456789abcdef"))))
        #expect(trunk.inbound.domains == [.exact("example.org"), .below(".example.com")])
        #expect(trunk.inbound.dialledFrom == .to)
        #expect(trunk.callerID == .number(try RouteTemplate(parsing: "+4930{user}")))
        #expect(trunk.fromDomain == "example.net" && trunk.isTrusted && trunk.maximumCalls == 30 && trunk.srtp == .required)
        #expect(trunk.failoverOn.map(\.description) == ["404", "5xx"] && trunk.timeout == .seconds(5))
        #expect(trunk.numbers.inboundDialled.normalise("0049") == "+49")
        #expect(trunk.numbers.inboundCaller.normalise("030") == "+4930")
        #expect(trunk.numbers.outboundDialled.normalise("+4930") == "030")
        #expect(trunk.numbers.outboundDialled.normalise("+1202") == "001202")
        #expect(trunk.numbers.outboundCaller.rules.count == 1)
    }

    @Test("the Contact of a registration is the username, or what contact says; 0 is no keepalive")
    func contact() throws {
        let text = """
            trunks:
              - {name: a, targets: sip:h, username: u, password: p, register: true}
              - {name: b, targets: sip:h, username: v, password: p, register: true, contact: c, keepalive: 0}
            """
        let trunks = try load(text).configuration.trunks
        #expect(trunks.map { $0.registration?.contact } == ["u", "c"])
        #expect(trunks.map(\.keepalive.interval) == [.seconds(30), nil])
    }

    @Test(
        "a caller-id is pass, a number, a template or a URI",
        arguments: [
            ("pass", "17", nil), ("+4930123", "+4930123", nil), ("+4930{user}", "+493017", nil),
            ("sip:main@Example.net", "main", "example.net"), ("sip:x{user}@192.0.2.1", "x17", "192.0.2.1"),
        ])
    func callerID(text: String, user: String, host: String?) throws {
        let trunk = try #require(try load("trunks: [{name: a, targets: sip:h, caller_id: '\(text)'}]").configuration.trunks.first)
        let identity = trunk.callerID.apply(CallerIdentity(user: "17"))
        #expect(identity.user == user && identity.host == host)
    }

    @Test(
        "what is wrong with a trunk is told with its place and key",
        arguments: [
            ("targets: sip:h", 10, "name", "must have a name"), ("name: a", 10, "targets", "must have targets"),
            ("name: a, targets: []", 29, "targets", "1 to 8 entries"),
            ("name: a, targets: h", 29, "targets[0]", "sip:HOST:PORT"), ("name: a, targets: 'tel:1'", 29, "targets[0]", "sip:HOST:PORT"),
            ("name: a, targets: 'sip:u@h'", 29, "targets[0]", "must not have a user"),
            ("name: a, targets: 'sip:h:0'", 29, "targets[0]", "port 0"),
            ("name: a, targets: 'sip:h;transport=sctp'", 29, "targets[0]", "none of udp, tcp, tls"),
            ("name: a, targets: 'sips:h;transport=udp'", 29, "targets[0]", "do not go together"),
            ("name: a, targets: 'sip:h;lr'", 29, "targets[0]", "not possible here"),
            ("name: a, targets: sip:h, username: u", 10, "password", "a trunk with a username must have a password"),
            ("name: a, targets: sip:h, password: p", 46, "username", "password needs a username"),
            ("name: a, targets: sip:h, username: u, ha1: abc", 54, "ha1", "it must be MD5:"),
            ("name: a, targets: sip:h, username: u, ha1: 'MD5:0123456789abcdef0123456789abcdef'", 54, "realm", "needs the realm"),
            ("name: a, targets: sip:h, username: u, password: p, ha1: 'MD5:0123456789abcdef0123456789abcdef'", 67, "ha1", "not both"),
            ("name: a, targets: sip:h, register: maybe", 46, "register", "neither true nor false"),
            ("name: a, targets: sip:h, register: true", 46, "register", "register: true needs a username, and a password or ha1"),
            ("name: a, targets: sip:h, username: u, password: p, register: true, expires: 10", 87, "expires", "not in 60s to 24h"),
            ("name: a, targets: sip:h, keepalive: 1", 47, "keepalive", "not in 5s to 1h"),
            ("name: a, targets: sip:h, keepalive_failures: 0", 56, "keepalive_failures", "not in 1 to 10"),
            ("name: a, targets: sip:h, from_addresses: carrier.example", 52, "from_addresses[0]", "neither an address nor"),
            ("name: a, targets: sip:h, from_addresses: 192.0.2.1/24", 52, "from_addresses[0]", "must be 0"),
            ("name: a, targets: sip:h, from_addresses: 0.0.0.0/0", 52, "from_addresses[0]", "too wide"),
            ("name: a, targets: sip:h, from_addresses: '::/0'", 52, "from_addresses[0]", "too wide"),
            ("name: a, targets: sip:h, from_addresses: [10.0.0.1, 10.0.0.1]", 63, "from_addresses[1]", "trunk a's already"),
            ("name: a, targets: sip:h, inbound: {password: p}", 56, "inbound.username", "needs a username"),
            ("name: a, targets: sip:h, inbound: {username: alice, password: p}", 45, "inbound.username", "a user's name already"),
            ("name: a, targets: sip:h, dialled_from: from", 50, "dialled_from", "none of request, to"),
            ("name: a, targets: sip:h, inbound: {user: u}", 46, "inbound.user", "unknown key"),
            ("name: a, targets: sip:h, caller_id: a b", 47, "caller_id", "neither a number nor a name"),
            ("name: a, targets: sip:h, caller_id: '{1}'", 47, "caller_id", "only placeholder"),
            ("name: a, targets: sip:h, caller_id: 'sip:h'", 47, "caller_id", "none of pass"),
            ("name: a, targets: sip:h, failover_on: 2xx", 49, "failover_on[0]", "not a whole number"),
            ("name: a, targets: sip:h, failover_on: 180", 49, "failover_on[0]", "300 to 699"),
            ("name: a, targets: sip:h, timeout: 33", 45, "timeout", "not in 1s to 32s"),
            ("name: a, targets: sip:h, numbers: {inbound: []}", 46, "numbers.inbound", "unknown key"),
            ("name: a, targets: sip:h, numbers: {inbound_caller: [{match: a}]}", 63, "numbers.inbound_caller[0].to", "has match and to"),
            ("name: a, targets: sip:h, numbers: {inbound_caller: [{match: a, to: '{1}'}]}", 78, "numbers.inbound_caller[0].to", "a has no group"),
        ] as [(String, Int, String, String)])
    func faults(keys: String, column: Int, key: String, reason: String) throws {
        let problems = problems("trunks: [{\(keys)}]")
        try #require(problems.count == 1, "\(problems)")
        #expect(problems[0].origin == .file(path: "tern.yaml", line: 1, column: column))
        #expect(problems[0].key == "trunks[0].\(key)")
        #expect(problems[0].reason.contains(reason), "\(problems[0].reason)")
    }

    @Test("two trunks have neither a name nor a range of addresses in common, but one range may lie in another's")
    func amongTrunks() {
        let text = """
            trunks:
              - {name: a, targets: sip:h, from_addresses: [192.0.2.0/24, 10.0.0.1]}
              - {name: a, targets: sip:h}
              - {name: b, targets: sip:h, from_addresses: [192.0.2.7, 192.0.2.0/24, '::ffff:10.0.0.1']}
            """
        #expect(problems(text).map(\.key) == ["trunks[1].name", "trunks[2].from_addresses[1]", "trunks[2].from_addresses[2]"])
    }

    @Test("a range of addresses that is so wide that it takes the limits from half the internet is a warning", arguments: [
        ("2000::/8", true), ("fe00::/15", true), ("2001::/16", false), ("2001:db8::/32", false), ("10.0.0.0/8", false), ("::ffff:10.0.0.0/104", false),
    ])
    func wide(range: String, isWarned: Bool) throws {
        let warnings = try load("trunks: [{name: a, targets: sip:h, from_addresses: [192.0.2.1, '\(range)']}]").warnings
        #expect(warnings.map(\.key) == (isWarned ? ["trunks[0].from_addresses[1]"] : []))
        #expect(warnings.allSatisfy { $0.reason.contains("no limit by address counts there") })
    }

    @Test("two trunks do not come with one name in their credentials")
    func accounts() {
        let text = """
            trunks:
              - {name: a, targets: sip:h, inbound: {username: them, password: p}}
              - {name: b, targets: sip:h, inbound: {username: them, password: q}}
            """
        #expect(problems(text).map(\.key) == ["trunks[1].inbound.username"])
    }

    @Test("keys of a registration without one are warnings")
    func meaningless() throws {
        let warnings = try load("trunks: [{name: a, targets: sip:h, expires: 60, contact: x}]").warnings
        #expect(warnings.map(\.key) == ["trunks[0].expires", "trunks[0].contact"])
    }

    @Test("a route to a trunk that would serve strangers is refused, whichever way it says so")
    func strangers() {
        for from in ["anyone", "anonymous", "[user, anonymous]"] {
            let text = "trunks: [{name: a, targets: sip:h}]\nroutes: [{match: '*', from: \(from), to: [user, trunk a]}]\n"
            #expect(problems(text).map(\.key) == [from.hasPrefix("[") ? "routes[0].from[1]" : "routes[0].from[0]"])
        }
        #expect(problems("trunks: [{name: a, targets: sip:h}]\nroutes: [{match: '*', to: [user, trunk a]}]\n").isEmpty)
    }
}

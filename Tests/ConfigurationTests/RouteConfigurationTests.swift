@testable import Configuration
import Testing

@Suite struct RouteConfigurationTests {
    private func load(_ text: String) throws -> LoadedConfiguration {
        try ConfigurationReader.load(text: text, host: .usual)
    }

    @Test(
        "a route that does not say who may use it is for all, but one that leads elsewhere is for users and trunks",
        arguments: [
            ("echo", [RouteSource.anyone]), ("user", [.anyone]), ("user bob", [.anyone]), ("reject 486", [.anyone]),
            ("sip sip:a@h", [.anyUser, .anyTrunk]), ("[user, 'sip sips:a@h']", [.anyUser, .anyTrunk]),
        ])
    func defaultSources(to: String, sources: [RouteSource]) throws {
        let configuration = try load("routes: [{match: a, to: \(to)}]").configuration
        #expect(configuration.routes.map(\.from) == [sources])
    }

    @Test(
        "a route that another takes everything from is a warning",
        arguments: [
            ("{match: a*, to: echo}", "{match: abc, to: user}", true), ("{match: a*, to: echo}", "{match: b, to: user}", false),
            ("{match: '*', to: echo}", "{match: '/1[0-9]/', to: echo}", true),
            ("{match: '*', to: user bob}", "{match: x, to: echo}", true),
            // Leads on where the name is nobody's.
            ("{match: '*', to: user}", "{match: x, to: echo}", false),
            ("{match: '*', from: user, to: echo}", "{match: x, from: user alice, to: echo}", true),
            ("{match: '*', from: user, to: echo}", "{match: x, to: echo}", false),
            ("{match: '*', from: [user, trunk, anonymous], to: echo}", "{match: x, to: echo}", true),
            ("{match: '*', domain: '*.example.org', to: echo}", "{match: x, to: echo}", false),
            ("{match: '*', domain: '*.example.org', to: echo}", "{match: x, domain: a.example.org, to: echo}", true),
            ("{match: '*', domain: a.example.org, to: echo}", "{match: x, domain: '*.example.org', to: echo}", false),
        ])
    func unreachable(first: String, second: String, isWarned: Bool) throws {
        let warnings = try load("routes: [\(first), \(second)]").warnings
        #expect(warnings.map(\.key) == (isWarned ? ["routes[1]"] : []), "\(warnings)")
    }

    @Test(
        "a route by which strangers ring users or call others is a warning where they can reach it",
        arguments: [
            ("user", true), ("user bob", true), ("echo", false), ("reject 603", false), ("'sip sip:a@h', from: anyone", true),
            ("'sip sip:a@h', from: [user, anonymous]", true), ("'sip sip:a@h'", false), ("user, from: [user, trunk]", false),
        ])
    func open(to: String, isWarned: Bool) throws {
        let text = "users: [{name: bob, password: correct-horse}]\nroutes: [{match: a, to: \(to)}]\n"
        #expect(try load(text).warnings.isEmpty)
        let warnings = try load(text + "sip: {listen: 'udp:0.0.0.0:5060'}\n").warnings
        #expect(warnings.map(\.key) == (isWarned ? ["routes[0]"] : []), "\(warnings)")
    }

    @Test("where each route stands is known")
    func places() throws {
        let loaded = try load("routes:\n  - {match: a, to: echo}\n  - to: user\n    match: b\n")
        #expect(loaded.routePlaces == [
            .file(path: "tern.yaml", line: 2, column: 13), .file(path: "tern.yaml", line: 4, column: 12),
        ])
        #expect(try load("").routePlaces.isEmpty)
    }
}

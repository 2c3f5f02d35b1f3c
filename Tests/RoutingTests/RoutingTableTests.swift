import Testing

@testable import Configuration
@testable import Routing

@Suite struct RoutingTableTests {

    private func trunk(_ name: String, inbound: Bool = false) -> Trunk {
        var trunk = Trunk(name: name, targets: [TrunkTarget(host: "\(name).example")])
        if inbound { trunk.inbound.credentials = TrunkCredentials(username: "x", .password(Secret("y"))) }
        return trunk
    }

    private func table(_ routes: Route..., trunks: [Trunk] = []) -> RoutingTable {
        var configuration = GatewayConfiguration()
        configuration.trunks = trunks
        configuration.routes = routes
        return RoutingTable(configuration)
    }

    private func ask(_ dialled: String, from source: CallSource = .user("alice"), at domain: String = "example.org") -> RoutingRequest {
        RoutingRequest(source: source, dialled: dialled, domain: domain)
    }

    private func template(_ text: String) throws -> RouteTemplate { try RouteTemplate(parsing: text) }

    @Test("a trunk is not called without a number")
    func noNumber() throws {
        let carrier = trunk("carrier")
        let table = table(
            Route(.prefix("9"), to: [.trunk("carrier", dialled: try template("{1}"))]), Route(.any, to: [.trunk("carrier", dialled: nil)]),
            trunks: [carrier])
        #expect(table.decide(ask("91")) == .targets([.trunk(carrier, dialled: "1")], route: 0))
        #expect(table.decide(ask("9")) == .targets([.trunk(carrier, dialled: "9")], route: 1))
        #expect(table.decide(ask("")) == .none)
    }

    @Test("the first route that takes the call decides")
    func order() throws {
        let table = table(
            Route(.exact("100"), to: [.user("bob")]),
            Route(.prefix("1"), to: [.sip(try template("sip:{user}@192.0.2.1"))]),
            Route(.prefix("2"), to: [.sip(try template("sip:{1}@192.0.2.2"))], srtp: .required),
            Route(.exact("echo"), to: [.echo]),
            Route(.any, to: [.user(nil)]))
        #expect(table.decide(ask("100")) == .targets([.user("bob")], route: 0))
        #expect(table.decide(ask("101")) == .targets([.sip(uri: "sip:101@192.0.2.1")], route: 1))
        #expect(table.decide(ask("201")) == .targets([.sip(uri: "sip:01@192.0.2.2", srtp: .required)], route: 2))
        #expect(table.decide(ask("echo")) == .targets([.echo], route: 3))
        #expect(table.decide(ask("alice")) == .targets([.user("alice")], route: 4))
        #expect(table.decide(ask("nobody")) == .none)
    }

    @Test("targets come in their order, without a dialled name that is nobody's; a route without any leads to the next")
    func severalTargets() throws {
        let carrier = trunk("carrier")
        let table = table(
            Route(.any, to: [.user(nil)], from: [.anyUser]),
            Route(.any, to: [.user(nil), .trunk("carrier", dialled: nil), .reject(480, phrase: "Gone")], from: [.anyTrunk, .anyUser]),
            trunks: [carrier])
        #expect(table.decide(ask("bob")) == .targets([.user("bob")], route: 0))
        #expect(table.decide(ask("1")) == .targets([.trunk(carrier, dialled: "1"), .reject(status: 480, phrase: "Gone")], route: 1))
    }

    @Test("what is dialled is rewritten by the route, then by the target")
    func rewriting() throws {
        let carrier = trunk("carrier")
        let table = table(
            Route(.prefix("00"), to: [.trunk("carrier", dialled: nil), .trunk("carrier", dialled: try template("9{1}/{user}"))],
                  rewrite: try template("+{1}")),
            Route(.prefix("x-"), to: [.user(nil)], rewrite: try template("{1}")),
            trunks: [carrier])
        #expect(table.decide(ask("0049")) == .targets([.trunk(carrier, dialled: "+49"), .trunk(carrier, dialled: "949/+49")], route: 0))
        #expect(table.decide(ask("x-bob")) == .targets([.user("bob")], route: 1))
    }

    @Test("a route's srtp is its trunk's and its URI's")
    func encryption() {
        var carrier = trunk("carrier")
        carrier.srtp = .off
        let table = table(
            Route(.exact("1"), to: [.trunk("carrier", dialled: nil)], srtp: .required),
            Route(.exact("2"), to: [.trunk("carrier", dialled: nil)]), trunks: [carrier])
        guard case .targets(let first, _) = table.decide(ask("1")), case .targets(let second, _) = table.decide(ask("2"))
        else { return #expect(Bool(false)) }
        #expect(first.map(\.srtp) == [.required])
        #expect(second.map(\.srtp) == [.off])
    }

    @Test(
        "a source is admitted by what it has proven",
        arguments: [
            (RouteSource.anyone, [CallSource.user("alice"), .trunk("pbx"), .anonymous], []),
            (.anonymous, [.anonymous], [.user("alice"), .trunk("pbx")]),
            (.anyUser, [.user("alice"), .user("bob")], [.anonymous, .trunk("alice")]),
            (.user("alice"), [.user("alice")], [.user("bob"), .anonymous, .trunk("alice")]),
            (.anyTrunk, [.trunk("pbx")], [.user("pbx"), .anonymous]),
            (.trunk("pbx"), [.trunk("pbx")], [.trunk("carrier"), .user("pbx"), .anonymous]),
        ] as [(RouteSource, [CallSource], [CallSource])])
    func sources(source: RouteSource, admitted: [CallSource], other: [CallSource]) {
        for caller in admitted { #expect(source.admits(caller), "\(caller)") }
        for caller in other { #expect(!source.admits(caller), "\(caller)") }
    }

    @Test("whoever has proven nothing is challenged where credentials would help, and refused where they would not")
    func strangers() {
        let trunks = [trunk("pbx"), trunk("carrier", inbound: true)]
        let table = table(
            Route(.exact("1"), to: [.user("bob")], from: [.anyUser]),
            Route(.exact("2"), to: [.user("bob")], from: [.user("alice")]),
            Route(.exact("3"), to: [.user("bob")], from: [.trunk("pbx")]),
            Route(.exact("4"), to: [.user("bob")], from: [.trunk("carrier")]),
            Route(.exact("5"), to: [.user("bob")], from: [.anyTrunk]),
            Route(.exact("6"), to: [.user("bob")], from: [.anyUser]),
            Route(.exact("6"), to: [.echo]), trunks: trunks)
        #expect(["1", "2", "3", "4", "5"].map { table.decide(ask($0, from: .anonymous)) }
            == [.challenge, .challenge, .forbidden, .challenge, .challenge])
        #expect(table.decide(ask("6", from: .anonymous)) == .targets([.echo], route: 6))
        #expect(table.decide(ask("7", from: .anonymous)) == .none)
        #expect(table.decide(ask("2", from: .user("bob"))) == .forbidden)
        #expect(table.decide(ask("1", from: .trunk("pbx"))) == .forbidden)
    }

    @Test("a stranger is challenged whether or not the dialled name is a user's")
    func enumeration() {
        let table = table(Route(.any, to: [.user(nil)], from: [.anyUser]))
        #expect(table.decide(ask("alice", from: .anonymous)) == .challenge)
        #expect(table.decide(ask("nobody", from: .anonymous)) == .challenge)
        #expect(table.decide(ask("nobody")) == .none)
    }

    @Test("a stranger never gets to a trunk, even by a route that would let anyone use it")
    func trunksAreClosed() throws {
        let table = table(
            Route(.any, to: [.trunk("carrier", dialled: nil)], from: [.anyone, .anonymous]), trunks: [trunk("carrier")])
        for dialled in ["1", "sip:1@carrier.example", "alice", ""] {
            #expect(table.decide(ask(dialled, from: .anonymous)) == .none)
            #expect(table.decide(ask(dialled, from: .anonymous, at: "carrier.example")) == .none)
        }
    }

    @Test("no call goes back to the trunk that it came by")
    func hairpin() {
        let (pbx, carrier) = (trunk("pbx"), trunk("carrier"))
        let table = table(
            Route(.any, to: [.trunk("pbx", dialled: nil), .trunk("carrier", dialled: nil)]), trunks: [pbx, carrier])
        #expect(table.decide(ask("1", from: .trunk("pbx"))) == .targets([.trunk(carrier, dialled: "1")], route: 0))
        #expect(table.decide(ask("1", from: .trunk("carrier"))) == .targets([.trunk(pbx, dialled: "1")], route: 0))
    }

    @Test("a route of a domain is for that domain only")
    func domains() {
        let table = table(
            Route(.any, to: [.user("alice")], domains: [.exact("a.example"), .below(".b.example")]), Route(.any, to: [.user("bob")]))
        for domain in ["a.example", "A.EXAMPLE", "x.b.example"] {
            #expect(table.decide(ask("1", at: domain)) == .targets([.user("alice")], route: 0))
        }
        for domain in ["b.example", "192.0.2.1", ""] {
            #expect(table.decide(ask("1", at: domain)) == .targets([.user("bob")], route: 1))
        }
    }

    @Test("each route says why it did not take the call, up to the one that did")
    func verdicts() {
        let table = table(
            Route(.exact("x"), to: [.echo]), Route(.any, to: [.echo], domains: [.exact("a.example")]),
            Route(.any, to: [.echo], from: [.anyUser]), Route(.any, to: [.user(nil)]), Route(.any, to: [.reject(404, phrase: nil)]),
            Route(.any, to: [.echo]))
        #expect(table.verdicts(on: ask("1", from: .anonymous)) == [
            .otherNumber, .otherDomain, .otherSource(credentialsHelp: true), .leadsNowhere,
            .takes([.reject(status: 404, phrase: nil)]),
        ])
    }

    @Test("a guest is reached as a user is, but only while it is one, and no stranger hears of it")
    func guests() throws {
        let table = table(Route(.any, to: [.user(nil)], from: [.anyUser]))
        #expect(table.decide(ask("dave"), isGuest: { $0 == "dave" }) == .targets([.user("dave")], route: 0))
        #expect(table.decide(ask("erin"), isGuest: { $0 == "dave" }) == .none)
        #expect(table.decide(ask("dave")) == .none)
        #expect(table.decide(ask("dave", from: .anonymous), isGuest: { $0 == "dave" }) == .challenge)
    }
}

extension HostAddresses {
    /// A machine with one interface and a default route.
    static let usual = HostAddresses(all: ["127.0.0.1", "198.51.100.7"], defaultRoute: "198.51.100.7")
}

extension RoutingTable {
    /// The routes, users and trunks of a configuration.
    init(_ configuration: GatewayConfiguration, places: [ConfigurationOrigin] = []) {
        self.init(
            routes: configuration.routes, users: configuration.users.map { User(name: $0.name, displayName: $0.displayName) },
            trunks: configuration.trunks, domain: configuration.sip.domain, places: places)
    }
}

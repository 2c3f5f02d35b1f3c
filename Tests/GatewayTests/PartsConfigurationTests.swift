import Authentication
@testable import Calls
import Cluster
import Configuration
@testable import Gateway
import Media
import Registrar
import Routing
import SIPNames
import Testing
import TLS

/// What the parts of the gateway take of the configuration.
@Suite struct PartsConfigurationTests {
    @Test("the registrar takes whole seconds: parts of one count as a whole one")
    func limits() {
        var registrar = GatewayConfiguration.Registrar()
        registrar.minimumExpires = .milliseconds(90_500)
        registrar.maximumExpires = .seconds(7_200)
        registrar.contactsPerUser = 3
        let limits = registrar.limits
        #expect(limits.minimumExpires == 91 && limits.maximumExpires == 7_200 && limits.contactsPerUser == 3)
    }

    @Test("a Redis by TLS is reached with those who are believed and the certificate that is shown; one without TLS has neither")
    func redis() throws {
        var configuration = GatewayConfiguration()
        configuration.cluster.node = "a"
        configuration.cluster.address = ListenAddress(transport: .tcp, address: "10.0.0.1", port: 5_060)
        configuration.cluster.secret = Secret("0123456789abcdef")
        configuration.cluster.authorities = "/etc/ca.pem"
        configuration.cluster.identity = TLSFiles(certificate: "/etc/redis.pem", key: "/etc/redis.key")
        for isSecure in [true, false] {
            configuration.registrar.database = .redis(GatewayConfiguration.Redis(places: [.init(host: "db", port: 6_379)], isSecure: isSecure))
            let settings = try #require(ClusterSettings(configuration))
            let security = TLSClientSettings(authorities: "/etc/ca.pem", identity: TLSFiles(certificate: "/etc/redis.pem", key: "/etc/redis.key"))
            #expect(settings.redis.security == (isSecure ? security : nil))
        }
    }

    @Test("a managed Janus is run as the configuration says, with the addresses of phones")
    func managed() throws {
        var configuration = GatewayConfiguration()
        configuration.janus.executable = "/opt/janus"
        configuration.janus.plugin = "/opt/libjanus_tern.so"
        configuration.janus.directory = "/run/janus"
        configuration.janus.eventLoops = 3
        configuration.janus.memoryLimit = 512 << 20
        configuration.media.rtpPorts = 30_000...30_999
        configuration.media.address = "198.51.100.7"
        configuration.media.address6 = "2001:db8::7"
        guard case .managed(let processes, let phones) = MediaServers(configuration) else { return #expect(Bool(false), "it is managed") }
        let process = try #require(processes.first)
        #expect(processes.count == 1 && process.name == nil)
        #expect(process.executable == "/opt/janus" && process.engine == "/opt/libjanus_tern.so" && process.directory == "/run/janus")
        #expect(process.eventLoops == 3 && process.memoryLimit == 512 << 20 && process.rtpPorts == 30_000...30_999)
        #expect(process.localAddress == "198.51.100.7" && phones.ip4 == "198.51.100.7" && phones.ip6 == "2001:db8::7")
    }

    @Test("several managed Januses have names, directories and ports of their own, and nothing else differs")
    func several() throws {
        var configuration = GatewayConfiguration()
        configuration.janus.count = 3
        configuration.janus.directory = "/run/janus"
        configuration.media.rtpPorts = 30_000...30_999
        guard case .managed(let processes, _) = MediaServers(configuration) else { return #expect(Bool(false), "they are managed") }
        #expect(processes.map(\.name) == ["janus-1", "janus-2", "janus-3"])
        #expect(processes.map(\.directory) == ["/run/janus/janus-1", "/run/janus/janus-2", "/run/janus/janus-3"])
        #expect(processes.map(\.rtpPorts) == [30_000...30_331, 30_332...30_663, 30_664...30_999])
        #expect(Set(processes.map(\.memoryLimit)) == [configuration.janus.memoryLimit] && Set(processes.map(\.eventLoops)) == [configuration.janus.eventLoops])
    }

    @Test("calls take the users, trunks and limits of the configuration, and whether tokens let guests in")
    func calls() throws {
        var configuration = GatewayConfiguration()
        configuration.sip.domain = "example.org"
        configuration.sip.realm = "realm"
        configuration.sip.maximumCalls = 7
        configuration.sip.listen = [ListenAddress(transport: .tls, address: "192.0.2.1", port: 5_061)]
        configuration.api.sessionsPerUser = 3
        configuration.calls.ringTimeout = .seconds(20)
        configuration.calls.allowsDirectURIs = false
        configuration.calls.redirects = .pass
        configuration.users = [.init(name: "alice", password: Secret("wonderland"), displayName: "Alice", isAdmin: true)]
        configuration.trunks = [Trunk(name: "carrier", targets: [TrunkTarget(host: "192.0.2.50")])]
        let settings = CallSettings(configuration)
        #expect(settings.domain == "example.org" && settings.realm == "realm" && settings.maximumCalls == 7 && settings.sessionsPerUser == 3)
        #expect(settings.hasTLS && settings.ringTimeout == .seconds(20) && !settings.allowsDirectURIs && !settings.followsRedirections)
        #expect(settings.users["alice"]?.displayName == "Alice" && settings.users["alice"]?.isAdmin == true)
        #expect(settings.trunks == configuration.trunks && !settings.admitsGuests)
        var key = try TokenKey(name: "open", algorithm: .hs256, key: Secret(String(repeating: "k", count: 32)))
        key.admitsUnknownUsers = true
        configuration.tokens = [key]
        #expect(CallSettings(configuration).admitsGuests)
    }

    @Test("external Januses are known by their URLs, the addresses behind these, and the secret")
    func external() {
        var configuration = GatewayConfiguration()
        configuration.janus.mode = .external
        configuration.janus.urls = [.init("ws://192.0.2.1:8188/"), .init("ws://192.0.2.2:8188/", address: "198.51.100.2", address6: "2001:db8::2")]
        configuration.janus.apiSecret = Secret("hush")
        guard case .external(let servers, let secret) = MediaServers(configuration) else { return #expect(Bool(false), "it is external") }
        #expect(servers.map(\.url) == configuration.janus.urls.map(\.url) && secret == "hush")
        #expect(servers.map { $0.addresses?.ip4 } == [nil, "198.51.100.2"] && servers.map { $0.addresses?.ip6 } == [nil, "2001:db8::2"])
    }

    @Test("the routes lead to the users and trunks of the configuration, in its domain")
    func routes() throws {
        var configuration = GatewayConfiguration()
        configuration.sip.domain = "sip.example.org"
        configuration.trunks = [Trunk(name: "carrier", targets: [TrunkTarget(host: "carrier.example")])]
        configuration.routes = [Route(.exact("alice"), to: [.user(nil)]), Route(.any, to: [.trunk("carrier", dialled: nil)])]
        let table = RoutingTable(configuration)
        func decide(_ dialled: String) throws -> RoutingDecision {
            table.decide(try RoutingQuery(from: "user:bob", to: dialled, caller: nil, table: table).request)
        }
        #expect(try decide("alice") == .targets([.user("alice")], route: 0))
        #expect(try decide("110") == .targets([.trunk(configuration.trunks[0], dialled: "110")], route: 1))
        #expect(try RoutingQuery(from: "user:bob", to: "110", caller: nil, table: table).request.domain == "sip.example.org")
    }
}

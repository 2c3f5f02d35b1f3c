import EventLoop
import Testing
@testable import Resolver

@Suite("With a real name server", .serialized, .timeLimit(.minutes(1)))
@LoopActor
struct NameServerTests {
    @Test("NAPTR leads to SRV, SRV to addresses")
    func chain() async throws {
        let dnsmasq = try await Dnsmasq([
            "--naptr-record=carrier.test,10,50,s,SIPS+D2T,,_sips._tcp.carrier.test",
            "--naptr-record=carrier.test,10,60,s,SIP+D2U,,_sip._udp.carrier.test",
            "--naptr-record=carrier.test,20,10,s,SIP+D2T,,_sip._tcp.carrier.test",
            "--srv-host=_sip._udp.carrier.test,second.carrier.test,5062,20,0",
            "--srv-host=_sip._udp.carrier.test,first.carrier.test,5061,10,0",
            "--srv-host=_sips._tcp.carrier.test,first.carrier.test,5071,10,0",
            "--host-record=first.carrier.test,192.0.2.1,2001:db8::1",
            "--host-record=second.carrier.test,192.0.2.2",
            "--cname=alias.carrier.test,second.carrier.test",
        ])
        let paths = Hop.Path.all(transports: [.udp, .tcp, .tls], families: [.ipv4, .ipv6])
        let resolver = SIPResolver(.asking(dnsmasq.server, paths: paths))
        let hops = try await resolver.locate(SIPDestination(host: "Carrier.test"))
        #expect(hops.map(\.description) == [
            "tls:192.0.2.1:5071", "tls:[2001:db8::1]:5071", "udp:192.0.2.1:5061", "udp:[2001:db8::1]:5061", "udp:192.0.2.2:5062",
        ])
        #expect(Set(hops.map(\.serverName)) == ["carrier.test"])
        #expect(await located(resolver, .init(host: "alias.carrier.test", port: 5_080)) == .success(["udp:192.0.2.2:5080"]))
        #expect(await located(resolver, .init(host: "nobody.test")) == .failure(.notFound("nobody.test")))
        #expect(try await resolver.addresses(of: "first.carrier.test") == ["192.0.2.1", "2001:db8::1"])

        resolver.markFailed(try #require(hops.first))
        #expect(try await resolver.locate(SIPDestination(host: "carrier.test")).last == hops.first)
        await dnsmasq.stop()
        #expect(try await resolver.locate(SIPDestination(host: "carrier.test")).count == 5, "from the cache")
        await resolver.stop()
    }

    @Test("an answer that is too long for a datagram is fetched over TCP")
    func truncation() async throws {
        let addresses = (1...60).map { "192.0.2.\($0)" }
        let dnsmasq = try await Dnsmasq(addresses.map { "--host-record=many.test,\($0)" })
        let resolver = SIPResolver(.asking(dnsmasq.server))
        let found = try await resolver.addresses(of: "many.test")
        #expect(found.count == 32)
        #expect(Set(found).isSubset(of: addresses))
        await resolver.stop()
        await dnsmasq.stop()
    }

    @Test("a thousand names at once are all found, and the loop goes on meanwhile")
    func thousand() async throws {
        let dnsmasq = try await Dnsmasq(["--address=/many.test/192.0.2.7"])
        var configuration = ResolverConfiguration.asking(dnsmasq.server)
        configuration.locateLimit = .seconds(60)
        configuration.pointerLimit = .seconds(60)
        configuration.serverTimeout = 1_000
        let resolver = SIPResolver(configuration)
        var found: [Result<[String], ResolverError>] = []
        let ticks = await ticks {
            found = await concurrently(Array(0..<1_000)) { await located(resolver, .init(host: "n\($0).many.test")) }
        }
        #expect(found.count == 1_000)
        #expect(found.allSatisfy { $0 == .success(["udp:192.0.2.7:5060"]) }, "\(found.filter { $0 != .success(["udp:192.0.2.7:5060"]) }.prefix(3))")
        #expect(ticks > 3)
        await resolver.stop()
        await dnsmasq.stop()
    }
}

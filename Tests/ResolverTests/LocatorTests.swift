import EventLoop
import SIPNames
import Testing
@testable import Resolver

/// A destination, what DNS says, and what has to come out.
struct LocatorCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let destination: SIPDestination
    let zone: String
    let hops: [String]
    var paths = Hop.Path.all(transports: [.udp, .tcp, .tls], families: [.ipv4, .ipv6])

    init(
        _ description: String, _ destination: SIPDestination, _ zone: String = "", gives hops: [String],
        paths: [Hop.Path]? = nil
    ) {
        testDescription = description
        self.destination = destination
        self.zone = zone
        self.hops = hops
        if let paths { self.paths = paths }
    }
}

@Suite("From a destination to hops")
@LoopActor
struct LocatorTests {
    private func locate(_ destination: SIPDestination, in zone: String, paths: [Hop.Path]) async -> Result<[Hop], ResolverError> {
        let zone = Zone(zone)
        var locator = SIPLocator(paths: paths) { zone.answer($0) }
        locator.random = { $0.lowerBound }
        do throws(ResolverError) {
            return .success(try await locator.locate(destination))
        } catch {
            return .failure(error)
        }
    }

    @Test("hops come in the order of RFC 3263", arguments: LocatorCase.all)
    func hops(of row: LocatorCase) async throws {
        let hops = try await locate(row.destination, in: row.zone, paths: row.paths).get()
        #expect(hops.map(\.description) == row.hops)
        let host = IPAddress(host: row.destination.host)?.description ?? DNSName(row.destination.host)?.description
        #expect(hops.allSatisfy { $0.serverName == host }, "a certificate must name the URI's domain, not what it leads to")
    }

    struct Refusal: Sendable {
        let destination: SIPDestination
        var zone = ""
        let error: ResolverError
        var paths = Hop.Path.all(transports: [.udp, .tcp])
    }

    @Test("a destination that cannot be reached says why", arguments: [
        Refusal(destination: .init(host: "nobody.test"), error: .notFound("nobody.test")),
        Refusal(destination: .init(host: ""), error: .invalidName("")),
        Refusal(destination: .init(host: "300.1.1.1"), error: .invalidName("300.1.1.1")),
        Refusal(destination: .init(host: "a b.test"), error: .invalidName("a b.test")),
        Refusal(destination: .init(host: "bücher.test"), error: .invalidName("bücher.test")),
        Refusal(destination: .init(host: "192.0.2.1", port: 0), error: .invalidName("192.0.2.1:0")),
        Refusal(destination: .init(host: "192.0.2.1", port: 65_536), error: .invalidName("192.0.2.1:65536")),
        Refusal(destination: .init(scheme: .sips, host: "192.0.2.1"), error: .noTransport),
        Refusal(destination: .init(host: "192.0.2.1", transport: .tls), error: .noTransport),
        Refusal(destination: .init(scheme: .sips, host: "192.0.2.1", transport: .udp), error: .noTransport,
            paths: Hop.Path.all(transports: [.udp, .tls])),
        Refusal(destination: .init(host: "[2001:db8::1]"), error: .noTransport),
        Refusal(destination: .init(host: "0.0.0.0"), error: .noTransport),
        Refusal(destination: .init(host: "none.test"), zone: "_sip._udp.none.test SRV 0 0 0 .", error: .noService("none.test")),
        Refusal(destination: .init(host: "down.test"), zone: "down.test A fails", error: .serverFailed),
        Refusal(destination: .init(host: "down.test"), zone: "_sip._tcp.down.test SRV fails\ndown.test A 192.0.2.1",
            error: .serverFailed),
        Refusal(destination: .init(host: "dangling.test"), zone: "_sip._udp.dangling.test SRV 0 0 5060 gone.test",
            error: .notFound("gone.test")),
    ])
    func refusals(_ row: Refusal) async {
        #expect(await locate(row.destination, in: row.zone, paths: row.paths) == .failure(row.error))
    }

    @Test("of a domain with hundreds of targets and addresses 16 hops come out, and no more targets are looked up")
    func bounds() async throws {
        var zone = ""
        for number in 0..<200 {
            zone += "_sip._udp.big.test SRV \(number) 0 5060 t\(number).big.test\n"
            zone += "t\(number).big.test A 192.0.2.\(number + 1)\n"
        }
        let answers = Zone(zone)
        var asked = 0
        let locator = SIPLocator(paths: Hop.Path.all(transports: [.udp, .tcp], families: [.ipv4, .ipv6])) {
            asked += 1
            return answers.answer($0)
        }
        let hops = try await locator.locate(SIPDestination(host: "big.test"))
        #expect(hops.map(\.address) == (1...16).map { "192.0.2.\($0)" })
        #expect(asked == 1 + 2 + 2 * 16)
    }

    @Test("an own host's addresses are those of all families, without SRV")
    func addresses() async throws {
        let zone = Zone("a.test A 192.0.2.1\na.test A 192.0.2.2\na.test AAAA 2001:db8::1\na.test AAAA ff02::1")
        let locator = SIPLocator(paths: Hop.Path.all(transports: [.udp], families: [.ipv6, .ipv4])) { zone.answer($0) }
        #expect(try await locator.addresses(of: "a.test").map(\.description) == ["2001:db8::1", "192.0.2.1", "192.0.2.2"])
        #expect(try await locator.addresses(of: "192.0.2.9").map(\.description) == ["192.0.2.9"])
        #expect(try await locator.addresses(of: "LOCALHOST").map(\.description) == ["::1", "127.0.0.1"])
    }
}

internal import Configuration
internal import EventLoop
internal import Resolver
internal import SIPNames

/// Where phones and callers come to that look up the domain (RFC 3263: NAPTR, SRV, then A and AAAA).
@LoopActor
struct NameChecks {
    let configuration: GatewayConfiguration
    let host: HostAddresses

    /// What DNS is to say.
    private var address: String { configuration.nat.publicAddress?.description ?? configuration.media.address }

    func findings() async -> [Finding] {
        let domain = configuration.sip.domain
        guard IPAddress(host: domain) == nil else {
            return [
                Finding(
                    .note, "domain", "sip.domain is an address: users are called as NAME@\(domain)",
                    remedy: "for users as NAME@DOMAIN set sip.domain to a name that DNS knows; else leave it as it is")
            ]
        }
        let resolver = SIPResolver(ResolverConfiguration(nameServers: configuration.sip.nameServers.compactMap(NameServer.init), paths: Hop.Path.all(transports: [.udp, .tcp, .tls], families: [.ipv4, .ipv6])))
        defer { LoopActor.task { await resolver.stop() } }
        do throws(ResolverError) {
            return [finding(domain, try await resolver.locate(SIPDestination(host: domain)))]
        } catch {
            return [
                Finding(
                    .warning, "domain", "\(domain): \(error)",
                    remedy: "an A record of \(domain) for \(address), or SRV records _sip._udp.\(domain) and _sip._tcp.\(domain) that lead here")
            ]
        }
    }

    private func finding(_ domain: String, _ hops: [Hop]) -> Finding {
        let listeners = configuration.sip.listen
        let own = Set((host.all + [configuration.nat.publicAddress?.description, configuration.media.address, configuration.media.address6].compactMap(\.self)).compactMap { IPAddress($0) })
        let ours = hops.filter { IPAddress($0.address).map(own.contains) ?? false }
        let places = Set(hops.map { "\($0.transport.rawValue) \(SocketAddress(address: $0.address, port: $0.port)?.description ?? $0.address)" }).sorted().joined(separator: ", ")
        guard !ours.isEmpty else {
            return Finding(
                .warning, "domain", "DNS sends callers of \(domain) to \(places), none of them this machine",
                remedy: "right behind a proxy or NAT that leads here; else let its records say \(address)")
        }
        let deaf = ours.filter { hop in !listeners.contains { $0.transport.rawValue == hop.transport.rawValue && $0.port == hop.port } }
        guard let first = deaf.first else { return Finding(.good, "domain", "DNS sends callers of \(domain) to \(places)") }
        return Finding(
            .warning, "domain", "DNS sends callers of \(domain) to \(first.transport.rawValue) port \(first.port), where nothing listens",
            remedy: "listen there (sip.listen), or take it out of the SRV and NAPTR records of \(domain)")
    }
}

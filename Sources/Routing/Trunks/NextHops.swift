internal import Configuration
public import EventLoop
internal import Resolver
public import SIP
public import SIPNames

/// Finds where requests go, by RFC 3263: the numeric hops of a URI, those that failed of late last.
@LoopActor
public final class NextHops {
    private let resolver: SIPResolver

    /// - Parameter listening: What we listen on, and so can send from.
    public init(nameServers: [SocketAddress], listening: [ListenAddress]) {
        var paths: [Hop.Path] = []
        for address in listening {
            guard let transport = Hop.Transport(rawValue: address.transport.rawValue) else { continue }
            let path = Hop.Path(transport, address.address.contains(":") ? .ipv6 : .ipv4)
            if !paths.contains(path) { paths.append(path) }
        }
        resolver = SIPResolver(ResolverConfiguration(nameServers: nameServers.compactMap { NameServer($0) }, paths: paths))
    }

    /// Why a name leads nowhere, in words.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ error: ResolverError, host: String) {
            description =
                switch error {
                case .notFound, .invalidName: "host not found: \(host)"
                default: "\(host) could not be looked up: \(error)"
                }
        }
    }

    /// The hops of a trunk's target, at least one.
    func find(_ target: TrunkTarget) async throws(Failure) -> [SIPHop] {
        do throws(ResolverError) {
            let found = try await resolver.locate(destination(of: target)).map { SIPHop($0) }
            guard !found.isEmpty else { throw ResolverError.notFound(target.host) }
            return found
        } catch {
            throw Failure(error, host: target.host)
        }
    }

    private func destination(of target: TrunkTarget) -> SIPDestination {
        SIPDestination(
            scheme: target.isSecure ? .sips : .sip, host: target.host, port: target.port, transport: target.transport.flatMap { Hop.Transport(rawValue: $0) })
    }

    /// The hops of a URI's host.
    public func locate(_ name: SIPServerName) async -> [SIPHop] {
        await locate(
            SIPDestination(
                host: name.host, port: name.port, transport: name.transport.flatMap { Hop.Transport(rawValue: $0.rawValue) }))
    }

    func locate(_ destination: SIPDestination) async -> [SIPHop] {
        do throws(ResolverError) {
            return try await resolver.locate(destination).map { SIPHop($0) }
        } catch {
            return []
        }
    }

    /// The IPv4 addresses of a host, at which media can be sent to it; none where there are none, or the name could not be looked up.
    public func addresses(of host: String) async -> [String] {
        do throws(ResolverError) {
            return try await resolver.addresses(of: host, families: [.ipv4])
        } catch {
            return []
        }
    }

    /// Nothing was reached there.
    func markFailed(_ hop: SIPHop) {
        guard let transport = Hop.Transport(rawValue: hop.transport.rawValue) else { return }
        resolver.markFailed(
            Hop(transport: transport, address: hop.address, port: hop.port, serverName: hop.serverName ?? hop.address))
    }

    public func stop() async { await resolver.stop() }
}

extension SIPHop {
    init(_ hop: Hop) {
        let transport = ListenAddress.Transport(rawValue: hop.transport.rawValue) ?? .udp
        self.init(transport: transport, address: hop.address, port: hop.port, serverName: hop.serverName)
    }
}

internal import EventLoop
internal import SIPNames

/// NAPTR and SRV (RFC 3263 sections 4.1 and 4.2).
extension SIPLocator {
    /// A name with SRV records, and the transport that they are for.
    private struct Service: Hashable {
        let transport: Hop.Transport
        let name: DNSName
    }

    /// An SRV target; several services may share one.
    private struct Target: Hashable {
        let transport: Hop.Transport
        let name: DNSName
        let port: Int
    }

    /// The hops that the domain names by NAPTR and SRV records; nil when it has none, and its own addresses count.
    ///
    /// - Parameter isNamed: The URI has a transport parameter, so NAPTR is not asked.
    @LoopActor
    func services(
        of domain: DNSName, _ transports: [Hop.Transport], isNamed: Bool
    ) async throws(ResolverError) -> [Hop]? {
        if !isNamed {
            let pointed = await pointers(of: domain, transports)
            if !pointed.isEmpty, let hops = try await hops(of: pointed, domain: domain) { return hops }
        }
        let services = transports.compactMap { transport in
            domain.service(transport.serviceLabels).map { Service(transport: transport, name: $0) }
        }
        return try await hops(of: services, domain: domain)
    }

    // MARK: NAPTR

    /// The services that NAPTR records point to, those of the lowest order that has one of ours.
    ///
    /// A failure counts as no records: there are name servers that know nothing of NAPTR, and SRV says the same.
    @LoopActor
    private func pointers(of domain: DNSName, _ transports: [Hop.Transport]) async -> [Service] {
        guard case .success(let answer) = await query(DNSQuestion(domain, .naptr)) else { return [] }
        let usable = answer.pointers.compactMap { record -> (record: PointerRecord, service: Service)? in
            guard let transport = Hop.Transport(pointerService: record.service), transports.contains(transport),
                record.flags.lowercased() == "s", !record.hasExpression, record.replacement.isServiceName
            else { return nil }
            return (record, Service(transport: transport, name: record.replacement))
        }
        guard let order = usable.map(\.record.order).min() else { return [] }
        let chosen = usable.filter { $0.record.order == order }.sorted { $0.record.preference < $1.record.preference }
        return chosen.map(\.service)
    }

    // MARK: SRV

    /// The hops of all services, in their order; nil when there are no SRV records at all.
    @LoopActor
    private func hops(of services: [Service], domain: DNSName) async throws(ResolverError) -> [Hop]? {
        let results = await concurrently(services) { await query(DNSQuestion($0.name, .srv)) }
        var targets: [Target] = []
        var isRefused = false
        var failure: ResolverError?
        for (service, result) in zip(services, results) {
            switch result {
            case .success(let answer):
                isRefused = isRefused || answer.services.contains { $0.target == .root }
                let records = answer.services.filter { $0.target != .root && $0.port != 0 }
                for record in ServiceOrder.ordered(records, random: { random($0) }) {
                    let target = Target(transport: service.transport, name: record.target, port: record.port)
                    if !targets.contains(target) { targets.append(target) }
                }
            case .failure(let error):
                failure = failure ?? error
            }
        }
        guard targets.isEmpty else { return try await hops(to: targets, domain: domain) }
        if let failure { throw failure }
        if isRefused { throw .noService(domain.description) }
        return nil
    }

    @LoopActor
    private func hops(to targets: [Target], domain: DNSName) async throws(ResolverError) -> [Hop] {
        let targets = Array(targets.prefix(SIPLocator.maximumHops))
        let results = await concurrently(targets) { target -> Result<[IPAddress], ResolverError> in
            do throws(ResolverError) {
                return .success(try await addresses(of: target.name, families: families(of: target.transport)))
            } catch {
                return .failure(error)
            }
        }
        var hops: [Hop] = []
        var failure: ResolverError?
        for (target, result) in zip(targets, results) {
            switch result {
            case .success(let addresses):
                for address in addresses {
                    let hop = Hop(
                        transport: target.transport, address: address.description, port: target.port,
                        serverName: domain.description)
                    if !hops.contains(hop) { hops.append(hop) }
                }
            case .failure(let error):
                failure = failure ?? error
            }
        }
        guard hops.isEmpty else { return Array(hops.prefix(SIPLocator.maximumHops)) }
        throw failure ?? .notFound(domain.description)
    }
}

extension Hop.Transport {
    /// Before the domain in the name of its SRV records (RFC 3263 section 4.1).
    var serviceLabels: String {
        switch self {
        case .udp: "_sip._udp"
        case .tcp: "_sip._tcp"
        case .tls: "_sips._tcp"
        }
    }

    /// The service field of a NAPTR record; nil for one that is not ours (RFC 3263 section 4.1).
    init?(pointerService text: String) {
        switch text.uppercased() {
        case "SIP+D2U": self = .udp
        case "SIP+D2T": self = .tcp
        case "SIPS+D2T": self = .tls
        default: return nil
        }
    }
}

extension DNSName {
    /// Whether SRV records may stand there: `_service._protocol.domain`.
    var isServiceName: Bool {
        labels.count > 2 && labels.prefix(2).allSatisfy { $0.hasPrefix("_") && $0.count > 1 }
    }
}

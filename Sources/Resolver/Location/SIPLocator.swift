internal import EventLoop
internal import SIPNames

/// From a destination to hops: RFC 3263 section 4, over whatever answers the questions.
struct SIPLocator {
    /// Hops in one result; also the SRV targets that are looked up.
    static let maximumHops = 16

    /// What we can send by, in order of preference.
    let paths: [Hop.Path]
    let query: @LoopActor (DNSQuestion) async -> DNSResult
    /// A number within the range, every one as likely as any other.
    var random: @LoopActor (ClosedRange<Int>) -> Int = { Int.random(in: $0) }

    init(paths: [Hop.Path], query: @escaping @LoopActor (DNSQuestion) async -> DNSResult) {
        self.paths = paths
        self.query = query
    }

    /// At least one hop, in the order to try them.
    @LoopActor
    func locate(_ destination: SIPDestination) async throws(ResolverError) -> [Hop] {
        let transports = destination.transports(of: paths)
        guard let plain = SIPDestination.plainTransport(of: transports) else { throw .noTransport }
        if let port = destination.port, !(1...65_535).contains(port) { throw .invalidName("\(destination.host):\(port)") }
        let port = destination.port ?? plain.standardPort
        if let address = IPAddress(host: destination.host) {
            return try hops([address], plain, port: port, serverName: address.description)
        }
        let name = try hostName(destination.host)
        if destination.port == nil, !name.isLocalhost,
            let hops = try await services(of: name, transports, isNamed: destination.transport != nil)
        {
            return hops
        }
        let addresses = try await addresses(of: name, families: families(of: plain))
        return try hops(addresses, plain, port: port, serverName: name.description)
    }

    /// The addresses of a host of those families, or of all that we have.
    @LoopActor
    func addresses(of host: String, families wanted: [Hop.Family]? = nil) async throws(ResolverError) -> [IPAddress] {
        var families = wanted ?? []
        if wanted == nil { for path in paths where !families.contains(path.family) { families.append(path.family) } }
        if let address = IPAddress(host: host) {
            guard families.contains(address.family) else { throw .noTransport }
            return [address]
        }
        return Array(try await addresses(of: hostName(host), families: families).prefix(DNSAnswer.maximumRecords))
    }

    private func hostName(_ host: String) throws(ResolverError) -> DNSName {
        guard let name = DNSName(host), name.isHost else { throw .invalidName(host) }
        return name
    }

    // MARK: Addresses

    /// Those that we have for a transport, in order of preference.
    func families(of transport: Hop.Transport) -> [Hop.Family] {
        paths.filter { $0.transport == transport }.map(\.family)
    }

    /// The addresses of each family, in the families' order. A family that fails is no failure where another has some.
    @LoopActor
    func addresses(of name: DNSName, families: [Hop.Family]) async throws(ResolverError) -> [IPAddress] {
        if name.isLocalhost { return families.map { $0 == .ipv6 ? .loopback6 : .loopback4 } }
        let results = await concurrently(families) { await query(DNSQuestion(name, DNSRecordType($0))) }
        var found: [IPAddress] = []
        var failure: ResolverError?
        for result in results {
            switch result {
            case .success(let answer): found += answer.addresses.filter(\.isOfOneHost)
            case .failure(let error): failure = failure ?? error
            }
        }
        guard found.isEmpty else { return found }
        throw failure ?? .notFound(name.description)
    }

    private func hops(
        _ addresses: [IPAddress], _ transport: Hop.Transport, port: Int, serverName: String
    ) throws(ResolverError) -> [Hop] {
        let families = families(of: transport)
        let fitting = addresses.filter { families.contains($0.family) && $0.isOfOneHost }.prefix(SIPLocator.maximumHops)
        guard !fitting.isEmpty else { throw .noTransport }
        return fitting.map { Hop(transport: transport, address: $0.description, port: port, serverName: serverName) }
    }
}

/// Does something with each input at once; the outputs are in the inputs' order.
@LoopActor
func concurrently<Input: Sendable, Output: Sendable>(
    _ inputs: [Input], _ operation: @escaping @LoopActor (Input) async -> Output
) async -> [Output] {
    if inputs.count == 1, let only = inputs.first { return [await operation(only)] }
    return await withTaskGroup(of: (Int, Output).self) { group in
        for (index, input) in inputs.enumerated() {
            group.addTask { (index, await operation(input)) }
        }
        var outputs: [(Int, Output)] = []
        for await output in group { outputs.append(output) }
        return outputs.sorted { $0.0 < $1.0 }.map(\.1)
    }
}

extension IPAddress {
    var family: Hop.Family { isIPv6 ? .ipv6 : .ipv4 }
}

public import Configuration
internal import SIPNames

/// Tells by its source address which trunk sends a request.
public struct SourceMatcher: Sendable {
    /// The longest ranges first, so that the first that fits is the nearest.
    private let entries: [(range: AddressRange, trunk: String, domains: [RouteDomain])]

    public init(_ trunks: [Trunk]) {
        let all = trunks.flatMap { trunk in trunk.inbound.addresses.map { ($0, trunk.name, trunk.inbound.domains) } }
        entries = all.sorted { $0.0.length > $1.0.length }
    }

    /// The name of the trunk; nil where the address is no trunk's, or where its calls come in under other domains.
    ///
    /// - Parameters:
    ///   - source: Where the request really came from, `192.0.2.1:5060` or `[2001:db8::1]:5060`; the port is of no account.
    ///   - domain: The host of the Request-URI.
    public func trunk(source: String, domain: String) -> String? {
        guard let address = SocketAddress(source)?.ip ?? IPAddress(host: source) else { return nil }
        return trunk(of: address, domain: domain)
    }

    func trunk(of address: IPAddress, domain: String) -> String? {
        guard let entry = entries.first(where: { $0.range.contains(address) }) else { return nil }
        return entry.domains.isEmpty || entry.domains.contains { $0.matches(domain) } ? entry.trunk : nil
    }
}

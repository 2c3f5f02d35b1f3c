internal import SIPNames

/// The connections of peers that have not logged in, by where they come from.
struct StrangerTable {
    private let shares: ConnectionShares
    private var sources: [UInt64: SourceAddress] = [:]
    private var addresses: [IPAddress: Set<UInt64>] = [:]
    private var networks: [IPAddress: Set<UInt64>] = [:]
    /// Connections that are looked at where there are too many in all: the one of them that has been idle longest goes.
    static let sample = 64

    init(_ shares: ConnectionShares) {
        self.shares = shares
    }

    var count: Int { sources.count }

    mutating func insert(_ id: UInt64, _ source: SourceAddress) {
        guard sources.updateValue(source, forKey: id) == nil, !source.isExempt else { return }
        addresses[source.address, default: []].insert(id)
        networks[source.network, default: []].insert(id)
    }

    mutating func remove(_ id: UInt64) {
        guard let source = sources.removeValue(forKey: id), !source.isExempt else { return }
        addresses[source.address]?.remove(id)
        if addresses[source.address]?.isEmpty == true { addresses[source.address] = nil }
        networks[source.network]?.remove(id)
        if networks[source.network]?.isEmpty == true { networks[source.network] = nil }
    }

    /// Of which connections one has to go before there is room for one more of `source`; nil where there is room.
    func crowd(for source: SourceAddress) -> Set<UInt64>? {
        if !source.isExempt {
            if let own = addresses[source.address], own.count >= shares.perAddress { return own }
            if let around = networks[source.network], around.count >= shares.perNetwork { return around }
        }
        return count >= shares.inAll ? Set(sources.keys.prefix(StrangerTable.sample)) : nil
    }
}

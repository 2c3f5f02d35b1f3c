/// How many connections there may be at once.
public struct ConnectionShares: Sendable, Equatable {
    public var perAddress: Int
    public var perNetwork: Int
    public var inAll: Int

    public init(perAddress: Int, perNetwork: Int, inAll: Int) {
        self.perAddress = perAddress
        self.perNetwork = perNetwork
        self.inAll = inAll
    }

    /// A connection that somebody has opened to us.
    public struct Connection: Sendable, Hashable {
        /// As the owner of the connection counts them.
        public let id: Int
        public let source: SourceAddress
        /// Time since something came over it.
        public let idle: Duration
        /// Whether its peer has proven who it is.
        public let isKnown: Bool

        public init(id: Int, source: SourceAddress, idle: Duration, isKnown: Bool) {
            self.id = id
            self.source = source
            self.idle = idle
            self.isKnown = isKnown
        }
    }

    /// The connections that are to be closed: of each address and each network what is beyond its share, then the surplus of those that have most;
    /// strangers before those who are known, and of these the one first that has been idle for the longest time. Those who are known do not count for
    /// an address' share or a network's, nor do exempt addresses: behind one NAT there may be many of them.
    public func surplus(of connections: [Connection]) -> [Connection] {
        var addresses: [IPAddress: Int] = [:], networks: [IPAddress: Int] = [:]
        var surplus: [Connection] = [], left: [(rank: Int, connection: Connection)] = []
        for connection in connections.sorted(by: { ($0.isKnown ? 0 : 1, $0.idle, $0.id) < ($1.isKnown ? 0 : 1, $1.idle, $1.id) }) {
            let source = connection.source
            if !connection.isKnown, !source.isExempt {
                let (ofAddress, ofNetwork) = (addresses[source.address, default: 0], networks[source.network, default: 0])
                guard ofAddress < perAddress, ofNetwork < perNetwork else {
                    surplus.append(connection)
                    continue
                }
                addresses[source.address] = ofAddress + 1
                networks[source.network] = ofNetwork + 1
            }
            left.append((connection.isKnown ? 0 : networks[source.network, default: 0], connection))
        }
        let over = left.sorted { ($0.rank, $0.connection.idle, $0.connection.id) > ($1.rank, $1.connection.idle, $1.connection.id) }
        return surplus + over.prefix(max(0, left.count - inAll)).map(\.connection)
    }
}

/// Who opens connections, as far as it bounds how many: one subscriber, and the network around it.
public struct ConnectionSource: Sendable, Hashable {
    /// An address of IPv4, or the first 64 bits of one of IPv6: what one machine can have.
    public let subscriber: IPAddress
    /// The first 24 bits of an address of IPv4, or 48 of one of IPv6: what one customer of a provider can have.
    public let network: IPAddress
    /// Loopback is nobody's address: there stands a proxy.
    public let isLoopback: Bool

    public init(_ address: IPAddress) {
        let address = address.unmapped
        isLoopback = address.isLoopback
        subscriber = address.isIPv6 ? address.prefix(bytes: 8) : address
        network = address.prefix(bytes: address.isIPv6 ? 6 : 3)
    }
}

/// How many connections there may be at once.
public struct ConnectionShares: Sendable, Equatable {
    public var perSubscriber: Int
    public var perNetwork: Int
    public var inAll: Int

    public init(perSubscriber: Int, perNetwork: Int, inAll: Int) {
        self.perSubscriber = perSubscriber
        self.perNetwork = perNetwork
        self.inAll = inAll
    }

    /// A connection that somebody has opened to us.
    public struct Connection: Sendable, Hashable {
        /// As the owner of the connection counts them.
        public let id: Int
        public let source: ConnectionSource
        /// Time since something came over it.
        public let idle: Duration
        /// Whether its peer has proven who it is.
        public let isKnown: Bool

        public init(id: Int, source: ConnectionSource, idle: Duration, isKnown: Bool) {
            self.id = id
            self.source = source
            self.idle = idle
            self.isKnown = isKnown
        }
    }

    /// The connections that are to be closed: of each subscriber and each network what is beyond its share, then the surplus of those that have most;
    /// strangers before those who are known, and of these the one first that has been idle for the longest time. Those who are known do not count for
    /// a subscriber's share or a network's: behind one NAT there may be many of them.
    public func surplus(of connections: [Connection]) -> [Connection] {
        var subscribers: [IPAddress: Int] = [:], networks: [IPAddress: Int] = [:]
        var surplus: [Connection] = [], left: [(rank: Int, connection: Connection)] = []
        for connection in connections.sorted(by: { ($0.isKnown ? 0 : 1, $0.idle, $0.id) < ($1.isKnown ? 0 : 1, $1.idle, $1.id) }) {
            let source = connection.source
            if !connection.isKnown, !source.isLoopback {
                let (ofSubscriber, ofNetwork) = (subscribers[source.subscriber, default: 0], networks[source.network, default: 0])
                guard ofSubscriber < perSubscriber, ofNetwork < perNetwork else {
                    surplus.append(connection)
                    continue
                }
                subscribers[source.subscriber] = ofSubscriber + 1
                networks[source.network] = ofNetwork + 1
            }
            left.append((connection.isKnown ? 0 : networks[source.network, default: 0], connection))
        }
        let over = left.sorted { ($0.rank, $0.connection.idle, $0.connection.id) > ($1.rank, $1.connection.idle, $1.connection.id) }
        return surplus + over.prefix(max(0, left.count - inAll)).map(\.connection)
    }
}

extension IPAddress {
    /// The address with zeros behind the first bytes.
    fileprivate func prefix(bytes count: Int) -> IPAddress {
        IPAddress(bytes: bytes.prefix(count) + [UInt8](repeating: 0, count: max(0, bytes.count - count))) ?? self
    }
}

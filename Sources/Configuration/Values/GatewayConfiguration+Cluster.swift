public import Authentication
public import SIPNames

extension GatewayConfiguration {
    /// Section `cluster`: this gateway as one of several, which know each other by the Redis of `registrar.database`.
    public struct Cluster: Sendable, Equatable {
        /// Key `cluster.node`: the name of this gateway, different from that of every other; 1 to 32 letters, digits and `-_.`. Default: none.
        public var node: String?
        /// Key `cluster.address`: where the others reach this gateway by SIP, as in `sip.listen`. Default: a listener, one with TCP before others; for one
        /// that takes what comes to any address, `media.address` with its port.
        public var address: ListenAddress?
        /// Key `cluster.secret`: what all nodes know, and nobody else, 16 to 256 characters. Default: none.
        public var secret: Secret?
        /// Key `cluster.prefix`: begins each key in Redis, at most 64 characters; the same for all nodes. Default: `tern:`.
        public var prefix = "tern:"

        public init() {}
    }

    /// A Redis server: `redis://USER:PASSWORD@HOST:PORT/DATABASE`.
    public struct Redis: Sendable, Equatable {
        /// A name, or an address without brackets.
        public var host: String
        public var port = 6_379
        public var user: String?
        public var password: Secret?
        public var database = 0

        public init(host: String) {
            self.host = host
        }
    }
}

extension GatewayConfiguration.Redis: CustomStringConvertible {
    /// Without the password.
    public var description: String {
        "redis://\(user.map { $0 + "@" } ?? "")\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
    }
}

extension GatewayConfiguration.Registrar {
    /// Where registrations are kept.
    public enum Database: Sendable, Equatable {
        /// In memory, until the gateway ends: written `:memory:`.
        case memory
        /// In an SQLite file at this path, which is absolute.
        case file(String)
        /// In Redis, where other gateways see them.
        case redis(GatewayConfiguration.Redis)
    }
}

extension GatewayConfiguration.Registrar.Database: CustomStringConvertible {
    public var description: String {
        switch self {
        case .memory: ":memory:"
        case .file(let path): path
        case .redis(let server): server.description
        }
    }
}

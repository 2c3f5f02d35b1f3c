public import Authentication
public import SIPNames
public import TLS

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
        /// Key `cluster.authorities`: a PEM file of those whose certificates are believed of Redis, where it is reached by TLS. Default: Debian's.
        public var authorities = "/etc/ssl/certs/ca-certificates.crt"
        /// Keys `cluster.certificate` and `cluster.key`: what is shown to Redis by TLS; PEM files. Default: none.
        public var identity: TLSFiles?
        /// Key `cluster.sentinel_password`: what the sentinels ask for, 1 to 512 characters. Default: none.
        public var sentinelPassword: Secret?

        public init() {}
    }

    /// A Redis: `redis://USER:PASSWORD@HOST:PORT/DATABASE`, or the master that sentinels name, `redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/MASTER/DATABASE`;
    /// with `rediss` by TLS.
    public struct Redis: Sendable, Equatable {
        /// Where a server or a sentinel is.
        public struct Place: Sendable, Equatable, CustomStringConvertible {
            /// A name, or an address without brackets.
            public var host: String
            public var port: Int

            public init(host: String, port: Int) {
                self.host = host
                self.port = port
            }

            public var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
        }

        /// The server, or the sentinels.
        public var places: [Place]
        /// What the sentinels call the server; nil where there are none.
        public var master: String?
        public var isSecure: Bool
        public var user: String?
        public var password: Secret?
        public var database = 0

        public init(places: [Place], isSecure: Bool = false) {
            self.places = places
            self.isSecure = isSecure
        }
    }
}

extension GatewayConfiguration.Redis: CustomStringConvertible {
    /// Without the password.
    public var description: String {
        let scheme = (isSecure ? "rediss" : "redis") + (master == nil ? "" : "+sentinel"), login = user.map { $0 + "@" } ?? ""
        return "\(scheme)://\(login)\(places.map(\.description).joined(separator: ","))/\(master.map { $0 + "/" } ?? "")\(database)"
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

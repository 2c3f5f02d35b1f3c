public import Authentication
public import TLS

/// Which Redis it is, and who we are there.
public struct RedisServer: Sendable, Equatable {
    /// Where a server listens.
    public struct Place: Sendable, Hashable, CustomStringConvertible {
        /// A name, or an address without brackets.
        public var host: String
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        public var description: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }
    }

    /// How the server is found.
    public enum Location: Sendable, Equatable {
        case server(Place)
        /// The master of this name, whose place any of the sentinels tells.
        case sentinels([Place], master: String)
    }

    public var location: Location
    /// Nil is the user `default`.
    public var user: String?
    public var password: Secret?
    public var database: Int
    /// The password of the sentinels.
    public var sentinelPassword: Secret?
    /// Nil is without TLS. Sentinels speak TLS where servers do.
    public var security: TLSClientSettings?

    public init(
        _ location: Location, user: String? = nil, password: Secret? = nil, database: Int = 0, sentinelPassword: Secret? = nil, security: TLSClientSettings? = nil
    ) {
        self.location = location
        self.user = user
        self.password = password
        self.database = database
        self.sentinelPassword = sentinelPassword
        self.security = security
    }

    public init(host: String, port: Int = 6_379, user: String? = nil, password: Secret? = nil, database: Int = 0) {
        self.init(.server(Place(host: host, port: port)), user: user, password: password, database: database)
    }
}

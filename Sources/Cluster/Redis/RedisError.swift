/// Why Redis could not be asked, or what it refused.
struct RedisError: Error, Equatable, CustomStringConvertible {
    let description: String
    /// The first word of an error of the server's: `WRONGPASS`, `NOAUTH`; empty where it could not be asked.
    let code: String

    /// It could not be asked.
    init(_ description: String) {
        self.description = description
        code = ""
    }

    /// The server refused.
    init(refusal text: String) {
        description = "Redis refuses: \(text.prefix(256))"
        code = String(text.prefix { $0 != " " })
    }

    private init(_ description: String, code: String) {
        self.description = description
        self.code = code
    }

    /// Whether the server says who may do what; its text has nothing then of what it was sent.
    var isOfAccess: Bool { ["WRONGPASS", "NOAUTH", "NOPERM"].contains(code) }

    /// What the scripts refuse, in words.
    func explained(_ settings: ClusterSettings) -> RedisError {
        let rest = description.drop { $0 != ":" }.dropFirst(2).split(separator: " ").map(String.init)
        switch code {
        case "VERSION":
            return RedisError("the data under \(settings.prefix) in Redis is of version \(rest.last ?? "?"), and this Tern knows version \(ClusterKeys.version)", code: code)
        case "TAKEN":
            return RedisError("cluster.node: the gateway at \(rest.last ?? "?") is node \(settings.node) already", code: code)
        case "FORGOTTEN": return RedisError("Redis has forgotten this node", code: code)
        case "WRONGTYPE":
            return RedisError("the data under \(settings.prefix) in Redis is none of a cluster: choose another cluster.prefix or another database", code: code)
        case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "TRYAGAIN":
            return RedisError("registrar.database: the server is one of a Redis Cluster, which Tern does not support: name one server, or sentinels", code: code)
        default: return self
        }
    }
}

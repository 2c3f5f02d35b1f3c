internal import Authentication
internal import SIPNames

/// Where registrations are kept.
extension ConfigurationText {
    static let redisExample = "redis://USER:PASSWORD@HOST:PORT/DATABASE"
    static let sentinelExample = "redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/MASTER/DATABASE"
    /// Sentinels that are asked.
    private static let mostSentinels = 8

    /// `:memory:`, a path, or a Redis: ``redisExample``, ``sentinelExample``, and both with `rediss` for TLS.
    static func registrarDatabase(_ text: String) throws(Refusal) -> GatewayConfiguration.Registrar.Database {
        if text == ":memory:" { return .memory }
        guard let end = text.range(of: "://") else { return .file(try path(text)) }
        let scheme = text[..<end.lowerBound].lowercased()
        guard ["redis", "rediss", "redis+sentinel", "rediss+sentinel"].contains(scheme) else {
            throw Refusal("\(quoted(withoutPassword(text))) is no database: :memory:, a file for SQLite, or \(redisExample)")
        }
        let rest = String(try printable(text, in: 9...2_048).dropFirst(scheme.count + 3)), isSecure = scheme.hasPrefix("rediss")
        return .redis(scheme.hasSuffix("sentinel") ? try sentinels(rest, text, isSecure: isSecure) : try redis(rest, text, isSecure: isSecure))
    }

    private static func redis(_ rest: String, _ text: String, isSecure: Bool) throws(Refusal) -> GatewayConfiguration.Redis {
        let (login, places, path) = parts(rest)
        guard places.count == 1 else {
            throw Refusal("\(quoted(withoutPassword(text))) has several addresses: sentinels are written \(sentinelExample), and Redis Cluster is not supported")
        }
        guard path.count <= 1 else { throw Refusal("\(quoted(withoutPassword(text))) is not of the form \(redisExample)") }
        var server = GatewayConfiguration.Redis(places: [try place(places[0], text, usual: 6_379, example: redisExample)], isSecure: isSecure)
        try read(login, into: &server, example: redisExample)
        server.database = try database(path.first, text)
        return server
    }

    private static func sentinels(_ rest: String, _ text: String, isSecure: Bool) throws(Refusal) -> GatewayConfiguration.Redis {
        let (login, places, path) = parts(rest)
        guard let master = path.first, !master.isEmpty, path.count <= 2 else {
            throw Refusal("\(quoted(withoutPassword(text))) does not name the master that the sentinels watch, as in \(sentinelExample)")
        }
        guard places.count <= mostSentinels else { throw Refusal("\(places.count) sentinels are too many: \(mostSentinels) at most") }
        var server = GatewayConfiguration.Redis(places: [], isSecure: isSecure)
        for one in places { server.places.append(try place(one, text, usual: 26_379, example: sentinelExample)) }
        server.master = try printable(SIPURI.unescaped(master), in: 1...128)
        try read(login, into: &server, example: sentinelExample)
        server.database = try database(path.dropFirst().first, text)
        return server
    }

    /// The parts of a URL after its scheme: `USER:PASSWORD`, the addresses, and what stands between the slashes.
    private static func parts(_ rest: String) -> (login: String?, places: [String], path: [String]) {
        let pieces = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init), authority = pieces.first ?? ""
        let at = authority.lastIndex(of: "@"), login = at.map { String(authority[..<$0]) }
        let places = authority[(at.map { authority.index(after: $0) } ?? authority.startIndex)...].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        var path = Array(pieces.dropFirst())
        if path.last == "" { path.removeLast() }
        return (login, places, path)
    }

    private static func place(_ text: String, _ url: String, usual: Int, example: String) throws(Refusal) -> GatewayConfiguration.Redis.Place {
        let (name, port) = try hostAndPort(text)
        guard !name.contains("?"), port != 0 else { throw Refusal("\(quoted(withoutPassword(url))) is not of the form \(example)") }
        let host = if let address = IPAddress(name) { address.description } else { try host(name) }
        return GatewayConfiguration.Redis.Place(host: host, port: port ?? usual)
    }

    private static func read(_ login: String?, into server: inout GatewayConfiguration.Redis, example: String) throws(Refusal) {
        guard let login else { return }
        let parts = login.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user = SIPURI.unescaped(parts[0]), password = parts.count > 1 ? SIPURI.unescaped(parts[1]) : ""
        guard !password.isEmpty else { throw Refusal("a user of Redis needs a password, as in \(example)") }
        server.user = user.isEmpty ? nil : user
        server.password = Secret(password)
    }

    private static func database(_ text: String?, _ url: String) throws(Refusal) -> Int {
        guard let text else { return 0 }
        guard let database = Int(text), (0...1_023).contains(database) else {
            throw Refusal("\(quoted(withoutPassword(url))) does not end in the number of a database, 0 to 1023")
        }
        return database
    }
}

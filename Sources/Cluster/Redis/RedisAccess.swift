/// Opens connections to the Redis that is the right one at the moment: where there are sentinels, to the master that they name. Blocks, and is used off the
/// loop, by one queue.
final class RedisAccess {
    /// How long one sentinel may take: there are others.
    private static let patience = Duration.seconds(1)

    private let server: RedisServer
    /// The sentinels, the one that has answered last before the others.
    private var sentinels: [RedisServer.Place] = []
    private var master = ""

    init(_ server: RedisServer) {
        self.server = server
        if case .sentinels(let places, let name) = server.location { (sentinels, master) = (places, name) }
    }

    /// Connects, logs in and chooses the database.
    func connect() throws(RedisError) -> RedisConnection {
        guard case .server(let place) = server.location else { return try connectToMaster() }
        return try connect(to: place)
    }

    private func connect(to place: RedisServer.Place) throws(RedisError) -> RedisConnection {
        let connection = try RedisConnection(place, security: server.security)
        if let password = server.password?.value { try RedisAccess.authenticate(connection, (server.user.map { [$0] } ?? []) + [password]) }
        if !sentinels.isEmpty { try check(connection) }
        if server.database != 0 { try connection.perform(["SELECT", "\(server.database)"]) }
        return connection
    }

    /// Asks the sentinels in turn until one names a server that is the master: one that was cut off from the others still names that of before.
    private func connectToMaster() throws(RedisError) -> RedisConnection {
        var unknown: [String] = [], refused: RedisError?, tried: Set<RedisServer.Place> = []
        for sentinel in sentinels {
            let place: RedisServer.Place
            do throws(RedisError) {
                place = try ask(sentinel)
            } catch {
                unknown.append(error.description)
                continue
            }
            guard tried.insert(place).inserted else { continue }
            do throws(RedisError) {
                let connection = try connect(to: place)
                sentinels.removeAll { $0 == sentinel }
                sentinels.insert(sentinel, at: 0)
                return connection
            } catch {
                refused = refused ?? error
            }
        }
        if let refused { throw refused }
        throw RedisError("no sentinel knows the master \(master): \(unknown.joined(separator: "; "))")
    }

    /// A server that a sentinel names may not be the master yet, or any more (https://redis.io/docs/latest/develop/reference/sentinel-clients/).
    private func check(_ connection: RedisConnection) throws(RedisError) {
        do throws(RedisError) {
            let role = try connection.perform(["ROLE"]).list.first?.text ?? "?"
            guard role == "master" else { throw RedisError("\(connection.place), which the sentinels name as the master \(master), is a \(role)") }
        } catch {
            // Who may not ask learns it from the first command that writes.
            guard error.code == "NOPERM" else { throw error }
        }
    }

    private static func authenticate(_ connection: RedisConnection, _ words: [String]) throws(RedisError) {
        do throws(RedisError) {
            try connection.perform(["AUTH"] + words)
        } catch {
            // Where it does not know the command, the text repeats the password.
            guard error.code.isEmpty || error.isOfAccess else { throw RedisError(refusal: "\(error.code) it takes no password, or none with this user") }
            throw error
        }
    }

    private func ask(_ sentinel: RedisServer.Place) throws(RedisError) -> RedisServer.Place {
        let connection = try RedisConnection(sentinel, security: server.security, patience: RedisAccess.patience)
        if let password = server.sentinelPassword?.value { try RedisAccess.authenticate(connection, [password]) }
        let words = try connection.perform(["SENTINEL", "get-master-addr-by-name", master]).list.compactMap(\.text)
        guard words.count == 2, let port = Int(words[1]), (1...65_535).contains(port) else { throw RedisError("the sentinel at \(sentinel) does not know it") }
        return RedisServer.Place(host: words[0], port: port)
    }
}

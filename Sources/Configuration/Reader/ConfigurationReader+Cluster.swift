internal import Authentication
internal import SIPNames

extension ConfigurationReader {
    mutating func readCluster(_ section: ConfigurationSection?, registrar: ConfigurationSection?) {
        configuration.cluster.node = section?.value("node", ConfigurationText.nodeName)
        configuration.cluster.address = section?.value("address") { text throws(ConfigurationText.Refusal) in
            let address = try ConfigurationText.sipListener(text)
            guard !address.isWildcard, address.port > 0 else { throw ConfigurationText.Refusal("other nodes cannot call \(address): name one address and its port") }
            return address
        }
        configuration.cluster.secret = section?.value("secret") { text throws(ConfigurationText.Refusal) in
            Secret(try ConfigurationText.printable(text, in: 16...256))
        }
        section?.read("prefix", into: &configuration.cluster.prefix) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.printable(text, in: 1...64)
        }
        checkCluster(section, registrar: registrar)
    }

    private mutating func checkCluster(_ section: ConfigurationSection?, registrar: ConfigurationSection?) {
        guard case .redis = configuration.registrar.database else {
            guard let key = ["node", "address", "secret", "prefix"].first(where: { section?.written($0) != nil }) else { return }
            problems.warn(section?.origin(of: key) ?? .builtIn, key: "cluster.\(key)", "has no use without a Redis, as in registrar.database: redis://HOST")
            return
        }
        let origin = registrar?.origin(of: "database") ?? .builtIn
        if section?.written("node") == nil { problems.add(origin, key: "cluster.node", "registrations in Redis need the name of this gateway") }
        if section?.written("secret") == nil {
            problems.add(origin, key: "cluster.secret", "registrations in Redis need a secret, by which the gateways believe each other: openssl rand -hex 24")
        }
        guard section?.written("address") == nil else { return }
        configuration.cluster.address = usualAddress
        if usualAddress == nil {
            problems.add(origin, key: "cluster.address", "registrations in Redis need an address where the other gateways reach this one, as in tcp:10.0.0.1:5060")
        }
    }

    /// Where other nodes reach this one, if nobody says so.
    private var usualAddress: ListenAddress? {
        let listeners = configuration.sip.listen.filter { $0.port > 0 && IPAddress($0.address)?.isIPv6 == false }
        guard var address = listeners.first(where: { $0.transport == .tcp }) ?? listeners.first else { return nil }
        if address.isWildcard { address.address = configuration.media.address }
        return address
    }
}

extension ConfigurationText {
    /// The name of a node: letters, digits and `-_.`, which stand in keys and headers as they are.
    static func nodeName(_ text: String) throws(Refusal) -> String {
        let isName = (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "-_.".utf8.contains(byte)
        }
        guard isName else { throw Refusal("\(quoted(text)) is no name of a node: 1 to 32 letters, digits and -_.") }
        return text
    }

    /// `:memory:`, a path, or `redis://USER:PASSWORD@HOST:PORT/DATABASE`.
    static func registrarDatabase(_ text: String) throws(Refusal) -> GatewayConfiguration.Registrar.Database {
        if text == ":memory:" { return .memory }
        guard text.contains("://") else { return .file(try path(text)) }
        let example = "redis://USER:PASSWORD@HOST:PORT/DATABASE"
        guard text.lowercased().hasPrefix("redis://") else {
            throw Refusal("\(quoted(withoutPassword(text))) is no database: :memory:, a file for SQLite, or \(example)")
        }
        let rest = try printable(text, in: 9...1_024).dropFirst("redis://".count)
        let authority = rest.prefix { $0 != "/" }, path = rest.dropFirst(authority.count + 1)
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        let (name, port) = try hostAndPort(String(place))
        guard !name.contains("?"), port != 0 else { throw Refusal("\(quoted(withoutPassword(text))) is not of the form \(example)") }
        var server = GatewayConfiguration.Redis(host: name)
        if let address = IPAddress(name) { server.host = address.description } else { server.host = try host(name) }
        server.port = port ?? server.port
        if let at {
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let user = SIPURI.unescaped(parts[0]), password = parts.count > 1 ? SIPURI.unescaped(parts[1]) : ""
            guard !password.isEmpty else { throw Refusal("a user of Redis needs a password, as in \(example)") }
            server.user = user.isEmpty ? nil : user
            server.password = Secret(password)
        }
        if !path.isEmpty {
            guard let database = Int(path), (0...1_023).contains(database) else {
                throw Refusal("\(quoted(withoutPassword(text))) does not end in the number of a database, 0 to 1023")
            }
            server.database = database
        }
        return .redis(server)
    }
}

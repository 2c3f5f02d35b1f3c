internal import Authentication
internal import SIPNames
internal import TLS

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
        section?.read("authorities", into: &configuration.cluster.authorities, ConfigurationText.path)
        configuration.cluster.identity = tlsFiles(section)
        configuration.cluster.sentinelPassword = section?.value("sentinel_password") { text throws(ConfigurationText.Refusal) in
            Secret(try ConfigurationText.printable(text, in: 1...512))
        }
        checkCluster(section, registrar: registrar)
    }

    private mutating func checkCluster(_ section: ConfigurationSection?, registrar: ConfigurationSection?) {
        guard case .redis(let redis) = configuration.registrar.database else {
            guard let key = ["node", "address", "secret", "prefix", "authorities", "certificate", "key", "sentinel_password"].first(where: { section?.written($0) != nil }) else { return }
            problems.warn(section?.origin(of: key) ?? .builtIn, key: "cluster.\(key)", "has no use without a Redis, as in registrar.database: redis://HOST")
            return
        }
        let origin = registrar?.origin(of: "database") ?? .builtIn
        checkAccess(to: redis, section)
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

    private mutating func checkAccess(to redis: GatewayConfiguration.Redis, _ section: ConfigurationSection?) {
        if section?.written("sentinel_password") != nil, redis.master == nil {
            problems.warn(section?.origin(of: "sentinel_password") ?? .builtIn, key: "cluster.sentinel_password", "has no use without sentinels, as in \(ConfigurationText.sentinelExample)")
        }
        guard redis.isSecure else {
            guard let key = ["authorities", "certificate"].first(where: { section?.written($0) != nil }) else { return }
            return problems.warn(section?.origin(of: key) ?? .builtIn, key: "cluster.\(key)", "has no use without TLS, as in registrar.database: rediss://HOST")
        }
        guard !problems.concern("cluster.authorities") else { return }
        do throws(TLSError) {
            try TLSAuthorities.check(configuration.cluster.authorities)
        } catch {
            problems.add(section?.written("authorities")?.origin ?? .builtIn, key: "cluster.authorities", error.description)
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
}

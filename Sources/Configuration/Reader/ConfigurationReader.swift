internal import SIPNames

/// Reads a configuration: arguments over environment over file over defaults. Finds every problem before it gives up.
public struct ConfigurationReader {
    let problems = ConfigurationProblems()
    let environment: [String: String]
    let host: HostAddresses
    var configuration = GatewayConfiguration()
    /// Listeners with the place where each was written, for the checks among them.
    var listeners: [(address: ListenAddress, origin: ConfigurationOrigin, key: String)] = []
    /// The credentials of users and the routes that were written, each with its place; empty while the defaults stand.
    var userPlaces: [(key: String, origin: ConfigurationOrigin)] = []
    var routePlaces: [(key: String, origin: ConfigurationOrigin)] = []

    private init(environment: [String: String], host: HostAddresses) {
        self.environment = environment
        self.host = host
    }

    /// - Parameters:
    ///   - file: Path of a YAML file; without one the defaults stand.
    ///   - environment: Variables, as `TERN_SIP_LISTEN`; see ``ConfigurationKey/environmentName``.
    ///   - arguments: Values by ``ConfigurationKey/argumentName``.
    public static func load(
        file path: String?, environment: [String: String] = [:], arguments: [String: [String]] = [:]
    ) throws(TernConfigurationError) -> LoadedConfiguration {
        try load(file: path, environment: environment, arguments: arguments, host: .current())
    }

    static func load(
        file path: String?, environment: [String: String], arguments: [String: [String]], host: HostAddresses
    ) throws(TernConfigurationError) -> LoadedConfiguration {
        var reader = ConfigurationReader(environment: environment, host: host)
        var file: (path: String, text: String)?
        if let path, let text = ConfigurationFile.read(path, problems: reader.problems) { file = (path, text) }
        return try reader.load(file: file, arguments: arguments)
    }

    /// The control socket of a gateway with this configuration, which may have problems elsewhere.
    public static func controlSocket(file path: String?, environment: [String: String], arguments: [String: [String]]) -> String {
        var reader = ConfigurationReader(environment: environment, host: .current())
        let text = path.flatMap { path in ConfigurationFile.read(path, problems: reader.problems).map { (path: path, text: $0) } }
        _ = reader.read(ConfigurationLayers(file: text, environment: environment, arguments: arguments, problems: reader.problems).root)
        return reader.configuration.controlSocket
    }

    /// Reads a text as if it were the file at `path`.
    static func load(
        text: String, path: String = "tern.yaml", environment: [String: String] = [:],
        arguments: [String: [String]] = [:], host: HostAddresses
    ) throws(TernConfigurationError) -> LoadedConfiguration {
        var reader = ConfigurationReader(environment: environment, host: host)
        return try reader.load(file: (path, text), arguments: arguments)
    }

    private mutating func load(
        file: (path: String, text: String)?, arguments: [String: [String]]
    ) throws(TernConfigurationError) -> LoadedConfiguration {
        let layers = ConfigurationLayers(
            file: file, environment: environment, arguments: arguments, problems: problems)
        let media = read(layers.root)
        guard problems.errors.isEmpty else { throw TernConfigurationError(problems: problems.sorted) }
        return LoadedConfiguration(
            configuration: configuration, warnings: problems.warnings, mediaAddress: media,
            routePlaces: routePlaces.map(\.origin))
    }

    private mutating func read(_ root: ConfigurationNode) -> MediaAddress {
        guard let top = ConfigurationSection(root, path: "", known: ConfigurationKey.names(in: ""), problems: problems)
        else { return .loopback }
        top.read("configuration_version", into: &configuration.version) { text throws(ConfigurationText.Refusal) in
            let version = try ConfigurationText.integer(text, in: 1...Int.max), latest = GatewayConfiguration.latestVersion
            guard version <= latest else {
                throw ConfigurationText.Refusal("this file is for a later Tern: its version is \(version), and this Tern knows those up to \(latest)")
            }
            return version
        }
        let sip = section("sip", of: top)
        let media = section("media", of: top)
        readSIP(sip)
        readHTTP(section("http", of: top))
        let address = readMedia(media)
        readNAT(section("nat", of: top))
        if sip?.written("domain") == nil { configuration.sip.domain = configuration.nat.publicAddress?.description ?? configuration.media.address }
        if sip?.written("realm") == nil { configuration.sip.realm = configuration.sip.domain }
        readJanus(section("janus", of: top))
        readRecordings(section("recordings", of: top))
        let registrar = section("registrar", of: top)
        readRegistrar(registrar)
        readCluster(section("cluster", of: top), registrar: registrar)
        readRecords(section("records", of: top))
        let calls = section("calls", of: top)
        readLimits(section("limits", of: top))
        readAPI(section("api", of: top))
        readLog(section("log", of: top))
        readTraces(section("traces", of: top))
        readHEP(section("hep", of: top))
        readUsers(top)
        readTokens(top)
        readTrunks(top)
        readCalls(calls)
        readRoutes(top)
        readProbes(top)
        warnOfOpenRoutes()
        checkListeners(rtpPorts: media?.origin(of: "rtp_ports") ?? .builtIn)
        checkSamplePasswords()
        checkWeakPasswords()
        checkRealm(isWritten: sip?.written("realm") != nil || sip?.written("domain") != nil)
        return address
    }

    private func section(_ name: String, of top: ConfigurationSection) -> ConfigurationSection? {
        let node = top.node[name] ?? ConfigurationNode(origin: .builtIn, value: .empty)
        return ConfigurationSection(node, path: name, known: ConfigurationKey.names(in: name), problems: problems)
    }
}

/// A configuration that can be used, and what is to be told about it.
public struct LoadedConfiguration: Sendable {
    public var configuration: GatewayConfiguration
    /// What is probably not meant, but does not stop the gateway.
    public var warnings: [ConfigurationProblem]
    /// Why `media.address` is what it is.
    public var mediaAddress: MediaAddress
    /// Where each of the routes was written; empty while the defaults stand.
    public var routePlaces: [ConfigurationOrigin]
}

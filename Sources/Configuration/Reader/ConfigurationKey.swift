/// A key that the configuration knows, and its names in the three layers.
public struct ConfigurationKey: Sendable {
    /// How a value is written outside the file.
    public enum Shape: Sendable {
        /// As in the file.
        case scalar
        /// Separated by commas.
        case list
        /// As YAML, on one line.
        case structure
    }

    /// What becomes of another value while the gateway runs.
    public enum Change: Sendable {
        /// It is in force once the configuration is read again.
        case live
        /// It is in force from the next start.
        case restart
    }

    /// As in the file: `sip.listen`.
    public let path: String
    public let shape: Shape
    public let change: Change
    /// Whether two configurations differ in it.
    let differs: @Sendable (GatewayConfiguration, GatewayConfiguration) -> Bool
    /// Puts the value of the first configuration into the second.
    let keep: @Sendable (GatewayConfiguration, inout GatewayConfiguration) -> Void

    private init<Value: Equatable>(
        _ path: String, _ shape: Shape, _ value: any WritableKeyPath<GatewayConfiguration, Value> & Sendable, _ change: Change
    ) {
        self.init(path, shape, value, change) { $0[keyPath: value] }
    }

    /// - Parameters:
    ///   - place: The property that the key is in, with others.
    ///   - value: The key's own part of it.
    private init<Place, Value: Equatable>(
        _ path: String, _ shape: Shape, _ place: any WritableKeyPath<GatewayConfiguration, Place> & Sendable, _ change: Change,
        value: @escaping @Sendable (GatewayConfiguration) -> Value
    ) {
        self.path = path
        self.shape = shape
        self.change = change
        differs = { value($0) != value($1) }
        keep = { $1[keyPath: place] = $0[keyPath: place] }
    }

    /// `TERN_SIP_LISTEN`.
    public var environmentName: String {
        "TERN_" + path.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// `--sip-listen`; `tern` has the ones that are worth it.
    public var argumentName: String {
        "--" + path.map { $0 == "." || $0 == "_" ? "-" : String($0) }.joined()
    }

    /// All keys, in the order of `config/tern.yaml`.
    public static let all: [ConfigurationKey] = [
        .init("configuration_version", .scalar, \.version, .live),
        .init("sip.listen", .list, \.sip.listen, .restart),
        .init("sip.domain", .scalar, \.sip.domain, .restart),
        .init("sip.realm", .scalar, \.sip.realm, .live),
        .init("sip.digest", .list, \.sip.digest, .live),
        .init("sip.user_agent", .scalar, \.sip.userAgent, .restart),
        .init("sip.name_servers", .list, \.sip.nameServers, .restart),
        .init("sip.maximum_calls", .scalar, \.sip.maximumCalls, .live),
        .init("sip.srtp", .scalar, \.sip.srtp, .live),
        .init("sip.tls.certificate", .scalar, \.sip.tls, .restart) { $0.sip.tls?.certificate },
        .init("sip.tls.key", .scalar, \.sip.tls, .restart) { $0.sip.tls?.key },
        .init("sip.tls.authorities", .scalar, \.sip.authorities, .restart),
        .init("http.listen", .scalar, \.http.listen, .restart),
        .init("http.allowed_origins", .list, \.http.allowedOrigins, .live),
        .init("http.hosts", .list, \.http.hosts, .live),
        .init("http.metrics_from", .list, \.http.metricsFrom, .live),
        .init("http.tls.certificate", .scalar, \.http.tls, .restart) { $0.http.tls?.certificate },
        .init("http.tls.key", .scalar, \.http.tls, .restart) { $0.http.tls?.key },
        .init("media.address", .scalar, \.media.address, .restart),
        .init("media.address6", .scalar, \.media.address6, .restart),
        .init("media.rtp_ports", .scalar, \.media.rtpPorts, .restart),
        .init("media.timeout", .scalar, \.media.timeout, .live),
        .init("media.latching", .scalar, \.media.latching, .live),
        .init("nat.public_address", .scalar, \.nat.publicAddress, .restart),
        .init("nat.local_networks", .list, \.nat.localNetworks, .restart),
        .init("janus.mode", .scalar, \.janus.mode, .restart),
        .init("janus.count", .scalar, \.janus.count, .restart),
        .init("janus.executable", .scalar, \.janus.executable, .restart),
        .init("janus.plugin", .scalar, \.janus.plugin, .restart),
        .init("janus.directory", .scalar, \.janus.directory, .restart),
        .init("janus.event_loops", .scalar, \.janus.eventLoops, .restart),
        .init("janus.memory_limit", .scalar, \.janus.memoryLimit, .restart),
        .init("janus.urls", .list, \.janus.urls, .restart),
        .init("janus.api_secret", .scalar, \.janus.apiSecret, .restart),
        .init("recordings.directory", .scalar, \.recordings.directory, .restart),
        .init("recordings.video", .scalar, \.recordings.video, .restart),
        .init("recordings.keep_mjr", .scalar, \.recordings.keepsCaptures, .restart),
        .init("recordings.jobs", .scalar, \.recordings.jobs, .restart),
        .init("recordings.minimum_free", .scalar, \.recordings.minimumFree, .restart),
        .init("recordings.ffmpeg", .scalar, \.recordings.ffmpeg, .restart),
        .init("registrar.database", .scalar, \.registrar.database, .restart),
        .init("registrar.minimum_expires", .scalar, \.registrar.minimumExpires, .live),
        .init("registrar.maximum_expires", .scalar, \.registrar.maximumExpires, .live),
        .init("registrar.contacts_per_user", .scalar, \.registrar.contactsPerUser, .live),
        .init("registrar.keepalive", .scalar, \.registrar.keepalive, .live),
        .init("cluster.node", .scalar, \.cluster.node, .restart),
        .init("cluster.address", .scalar, \.cluster.address, .restart),
        .init("cluster.secret", .scalar, \.cluster.secret, .restart),
        .init("cluster.prefix", .scalar, \.cluster.prefix, .restart),
        .init("cluster.authorities", .scalar, \.cluster.authorities, .restart),
        .init("cluster.certificate", .scalar, \.cluster.identity, .restart) { $0.cluster.identity?.certificate },
        .init("cluster.key", .scalar, \.cluster.identity, .restart) { $0.cluster.identity?.key },
        .init("cluster.sentinel_password", .scalar, \.cluster.sentinelPassword, .restart),
        .init("records.database", .scalar, \.records.database, .restart),
        .init("records.keep", .scalar, \.records.keep, .restart),
        .init("records.maximum_size", .scalar, \.records.maximumSize, .restart),
        .init("records.file", .scalar, \.records.file, .restart),
        .init("records.url", .scalar, \.records.url, .restart),
        .init("users", .structure, \.users, .live),
        .init("tokens", .structure, \.tokens, .live),
        .init("trunks", .structure, \.trunks, .live),
        .init("routes", .structure, \.routes, .live),
        .init("probes", .structure, \.probes, .live),
        .init("calls.ring_timeout", .scalar, \.calls.ringTimeout, .live),
        .init("calls.maximum_duration", .scalar, \.calls.maximumDuration, .live),
        .init("calls.drain", .scalar, \.calls.drain, .live),
        .init("calls.direct_uris", .scalar, \.calls.allowsDirectURIs, .live),
        .init("calls.redirects", .scalar, \.calls.redirects, .live),
        .init("calls.line_tests", .scalar, \.calls.lineTests, .restart),
        .init("calls.line_test_reports", .scalar, \.calls.lineTestReports, .restart),
        .init("limits.calls_per_second", .scalar, \.limits.callsPerSecond, .live),
        .init("limits.set_ups", .scalar, \.limits.setUps, .live),
        .init("limits.loop_delay", .scalar, \.limits.loopDelay, .live),
        .init("limits.strangers_per_address", .scalar, \.limits.strangersPerAddress, .live),
        .init("limits.strangers_per_prefix", .scalar, \.limits.strangersPerPrefix, .live),
        .init("limits.unacknowledged", .scalar, \.limits.unacknowledged, .live),
        .init("limits.exempt", .list, \.limits.exempt, .live),
        .init("api.grace_time", .scalar, \.api.graceTime, .live),
        .init("api.sessions_per_user", .scalar, \.api.sessionsPerUser, .live),
        .init("log.level", .scalar, \.log.level, .live),
        .init("log.format", .scalar, \.log.format, .live),
        .init("log.sip", .scalar, \.log.sip, .live),
        .init("traces.memory", .scalar, \.traces.memory, .restart),
        .init("hep.address", .scalar, \.hep, .restart) { of in of.hep.address.map { "\(of.hep.transport):\($0.host):\($0.port)" } },
        .init("hep.id", .scalar, \.hep.id, .restart),
        .init("hep.password", .scalar, \.hep.password, .restart),
    ]

    /// The names that may stand directly below `section`; at the top for an empty one.
    static func names(in section: String) -> [String] {
        let prefix = section.isEmpty ? "" : section + "."
        var names: [String] = []
        for key in all where key.path.hasPrefix(prefix) {
            guard let name = key.path.dropFirst(prefix.count).split(separator: ".").first.map(String.init) else { continue }
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// The sections that have a key of this name, as `sip` and `http` for `listen`; the top is an empty name.
    static func owners(of name: String) -> [String] {
        var owners: [String] = []
        for key in all {
            let path = key.path.split(separator: ".").map(String.init)
            for (index, part) in path.enumerated() where part == name {
                let owner = path[..<index].joined(separator: ".")
                if !owners.contains(owner) { owners.append(owner) }
            }
        }
        return owners
    }
}

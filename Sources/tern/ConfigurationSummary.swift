internal import Configuration
internal import Gateway
internal import Media
internal import Recording
internal import TLS

/// What Tern does with a configuration, in words.
struct ConfigurationSummary {
    private let configuration: GatewayConfiguration
    private let media: MediaAddress

    init(_ loaded: LoadedConfiguration) {
        configuration = loaded.configuration
        media = loaded.mediaAddress
    }

    var text: String {
        lines.map { name, value in "  \(name)\(String(repeating: " ", count: max(1, 18 - name.count)))\(value)" }
            .joined(separator: "\n")
    }

    private var lines: [(String, String)] {
        var lines = configuration.sip.listen.map { ("listens for SIP", "\($0)") }
        if let tls = configuration.sip.tls { lines.append(("", certificate(tls))) }
        lines.append(("serves pages", "\(configuration.http.tls == nil ? "http" : "https")://\(configuration.http.listen.hostAndPort)/"))
        if let tls = configuration.http.tls { lines.append(("", certificate(tls))) }
        if let tls = configuration.cluster.identity { lines.append(("shows Redis", certificate(tls))) }
        lines.append(("takes WebSockets", "from pages of its own address" + origins))
        let ports = configuration.media.rtpPorts
        lines.append(("takes RTP", "\(configuration.media.address), ports \(ports.lowerBound)-\(ports.upperBound); \(reason)"))
        if let nat = configuration.natMapping {
            let networks = nat.localNetworks.map(\.description).joined(separator: ", ")
            lines.append(("is behind NAT", "reached as \(nat.publicAddress)\(networks.isEmpty ? "" : "; from \(networks) as \(nat.ownAddress)")"))
        }
        switch configuration.janus.mode {
        case .managed:
            let janus = configuration.janus, isOne = janus.count == 1
            let loops = "\(janus.eventLoops) event \(janus.eventLoops == 1 ? "loop" : "loops")"
            lines.append((
                "runs",
                "\(janus.executable)\(isOne ? "" : ", \(janus.count) times"), \(loops)\(isOne ? "" : " each"), "
                    + "\(janus.memoryLimit >> 20) MB of memory \(isOne ? "" : "each ")at most"))
            if !isOne {
                for (index, share) in configuration.media.rtpPortShares(janus.count).enumerated() {
                    lines.append(("", "\(MediaBackend.name(index)): ports \(share.lowerBound)-\(share.upperBound)"))
                }
            }
            lines.append(("silent phones", configuration.media.timeout.map { "have their calls ended after \($0)" } ?? "keep their calls"))
        case .external: lines.append(("uses Janus at", configuration.janus.urls.map(\.description).joined(separator: ", ")))
        }
        let recordings = configuration.recordings
        let video = switch recordings.video {
        case .sideBySide: "video side by side"
        case .tracks: "video as tracks"
        case .none: "no video"
        }
        lines.append(("records to", "\(recordings.directory), \(video)"))
        lines.append(("registers in", "\(configuration.registrar.database)"))
        if case .redis = configuration.registrar.database, let node = configuration.cluster.node, let address = configuration.cluster.address {
            lines.append(("is node", "\(node) of a cluster, at \(address)"))
        }
        lines.append(("keeps calls in", "\(configuration.records.database)"))
        let users = configuration.users
        let names = users.prefix(10).map(\.name).joined(separator: ", ") + (users.count > 10 ? ", …" : "")
        lines.append(("knows", users.isEmpty ? "no user" : "\(users.count) users: \(names)"))
        for key in configuration.tokens {
            let users = key.admitsUnknownUsers ? "any user" : "known users"
            lines.append(("accepts tokens", "\(key.name), \(key.algorithm.rawValue), for \(users)"))
        }
        for trunk in configuration.trunks.prefix(20) { lines.append(("has trunk", describe(trunk))) }
        if configuration.trunks.count > 20 { lines.append(("has trunk", "… \(configuration.trunks.count) in all")) }
        for route in configuration.routes.prefix(20) { lines.append(("routes", describe(route))) }
        if configuration.routes.count > 20 { lines.append(("routes", "… \(configuration.routes.count) in all")) }
        return lines
    }

    /// The other origins whose pages may connect.
    private var origins: String {
        let origins = configuration.http.allowedOrigins
        if origins.contains("*") { return ", and from every other page (http.allowed_origins: *)" }
        return origins.isEmpty ? " alone (http.allowed_origins is empty)" : " and of " + origins.joined(separator: ", ")
    }

    private func certificate(_ files: TLSFiles) -> String {
        guard let identity = try? TLSIdentity(files) else { return "with the certificate in \(files.certificate)" }
        return "with the certificate in \(files.certificate) for \(identity.names), until \(identity.notAfter)"
    }

    private var reason: String {
        switch media.reason {
        case .configured: "as configured"
        case .listener: "the address that SIP listens on"
        case .defaultRoute: "the address that the default route starts from"
        case .interface: "the address of an interface, as there is no default route"
        case .nothingElse: "as there is no other address"
        }
    }

    private func describe(_ trunk: Trunk) -> String {
        let targets = trunk.targets.map(\.description).joined(separator: ", then ")
        let addresses = trunk.inbound.addresses.map(\.description).joined(separator: ", ")
        var parts = ["\(trunk.name) at \(targets)"]
        if trunk.registration != nil { parts.append("registers there") }
        if !addresses.isEmpty { parts.append("is called from \(addresses)") }
        if trunk.inbound.credentials != nil { parts.append("is called with a password") }
        return parts.joined(separator: "; ")
    }

    private func describe(_ route: Route) -> String {
        let what = route.pattern == .any ? "all others" : "\(route.pattern)"
        let domains = route.domains.isEmpty ? "" : " at " + route.domains.map(\.description).joined(separator: " or ")
        let who = route.from.map { source in
            switch source {
            case .anyone: "anyone"
            case .anonymous: "strangers"
            case .anyUser: "users"
            case .anyTrunk: "trunks"
            case .user, .trunk: source.description
            }
        }.joined(separator: ", ")
        let places = route.targets.map { $0 == .user(nil) ? "the user of that name" : $0.description }
        return "\(what)\(domains), from \(who), to \(places.joined(separator: ", then "))"
    }
}

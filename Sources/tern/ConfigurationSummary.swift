internal import Gateway

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
        lines.append(("serves pages", "http://\(configuration.http.listen.hostAndPort)/"))
        let ports = configuration.media.rtpPorts
        lines.append(("takes RTP", "\(configuration.media.address), ports \(ports.lowerBound)-\(ports.upperBound); \(reason)"))
        switch configuration.janus.mode {
        case .managed: lines.append(("runs", "\(configuration.janus.executable), \(configuration.janus.eventLoops) event loops"))
        case .external: lines.append(("uses Janus at", configuration.janus.urls.joined(separator: ", ")))
        }
        lines.append(("records to", configuration.recordings.directory))
        lines.append(("registers in", configuration.registrar.database))
        let users = configuration.users
        let names = users.prefix(10).map(\.name).joined(separator: ", ") + (users.count > 10 ? ", …" : "")
        lines.append(("knows", users.isEmpty ? "no user" : "\(users.count) users: \(names)"))
        for route in configuration.routes.prefix(20) { lines.append(("routes", "\(describe(route.pattern)) to \(describe(route.action))")) }
        if configuration.routes.count > 20 { lines.append(("routes", "… \(configuration.routes.count) in all")) }
        return lines
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

    private func describe(_ pattern: RoutePattern) -> String {
        switch pattern {
        case .any: "all others"
        case .exact(let user): user
        case .prefix(let start): "\(start)*"
        case .expression(let expression): "/\(expression.source)/"
        }
    }

    private func describe(_ action: RouteAction) -> String {
        switch action {
        case .echo: "echo"
        case .user(nil): "the user of that name"
        case .user(let name?): "user \(name)"
        case .sip(let target): target
        }
    }
}

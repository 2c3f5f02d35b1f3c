internal import Configuration
internal import Gateway
internal import SIPNames
internal import Version

/// What a new user wants to know when the gateway runs: what to dial, which page to open.
struct WelcomeText {
    let configuration: GatewayConfiguration
    /// The addresses that are listened on, with their real ports.
    let sip: [ListenAddress]
    let http: ListenAddress?

    var text: String {
        var lines = ["", "Tern \(TernVersion.current) is running."]
        if let http {
            let isSecure = configuration.http.tls != nil
            lines.append("  open     \(isSecure ? "https" : "http")://\(host(of: http)):\(http.port)/")
            if !samples.isEmpty { lines.append("  log in   \(samples.joined(separator: "; or "))") }
            if !http.isLoopback, !isSecure {
                lines.append("           (a browser on another machine gives its microphone to pages over HTTPS only)")
            }
        }
        for (index, address) in sip.enumerated() {
            let suffix = address.transport == .udp ? "" : ";transport=\(address.transport.rawValue)"
            lines.append("  \(index == 0 ? "dial    " : "        ") sip:\(example)@\(host(of: address)):\(address.port)\(suffix)")
        }
        lines.append("  end      Ctrl-C")
        lines.append("")
        return lines.joined(separator: "\n")
    }

    /// The users that everybody may log in as, which only a gateway on loopback has.
    private var samples: [String] {
        SampleUsers.all.compactMap { sample in
            guard configuration.user(named: sample.name)?.credential == sample.credential,
                case .password(let password) = sample.credential
            else { return nil }
            return "\(sample.name), password \(password.value)"
        }
    }

    /// A user part that leads to echo, where there is one to tell.
    private var example: String {
        for route in configuration.routes {
            if case .exact(let user) = route.pattern, route.targets == [.echo] { return user }
        }
        return configuration.users.first?.name ?? "USER"
    }

    /// An address that others can use in place of a wildcard.
    private func host(of address: ListenAddress) -> String {
        switch address.address {
        case "0.0.0.0": configuration.nat.publicAddress?.description ?? configuration.media.address
        case "::": "[::1]"
        default: address.host
        }
    }
}

internal import SIPNames

/// What `tern setup` has been told, as a configuration.
struct SetupFile {
    /// A carrier or PBX.
    struct Trunk {
        /// A host with or without a port, a scheme and parameters.
        var host: String
        var username: String?
        var password: String?

        /// An entry of `targets`: `sips:` as it is, all else with `sip:`.
        var target: String { host.lowercased().hasPrefix("sips:") ? host : "sip:" + plainHost }

        /// The host where it is an address; nil where it is a name.
        var address: String? {
            let end = plainHost.firstIndex { $0 == ";" || $0 == "?" } ?? plainHost.endIndex
            let place = String(plainHost[..<end])
            if let ip = IPAddress(host: place) { return ip.description }
            guard let colon = place.lastIndex(of: ":") else { return nil }
            return IPAddress(host: String(place[..<colon]))?.description
        }

        private var plainHost: String {
            for scheme in ["sips:", "sip:"] where host.lowercased().hasPrefix(scheme) { return String(host.dropFirst(scheme.count)) }
            return host
        }
    }

    /// A certificate and its key, both PEM files.
    struct Certificate {
        var certificate: String
        var key: String
        /// Whether `tern setup` made it: no browser knows its authority.
        var isSelfMade = false
    }

    /// Somebody who may log in, register phones and be called.
    struct User {
        var name: String
        var password: String
        /// The file that it comes from, and so is not to be shown; nil where it was made here.
        var source: String?
        var isAdministrator: Bool { name == administratorName }
    }

    /// The name of the administrator.
    static let administratorName = "admin"

    var domain: String
    var address: String
    /// The address that a NAT leads to this machine; nil where others reach ``address``.
    var publicAddress: String?
    /// One at least. The first one gets the carrier's calls.
    var users: [User]
    var trunk: Trunk?
    var certificate: Certificate?
    /// Where databases and recordings go; nil for the folder that Tern is started in.
    var state: String?
    /// When it was made.
    var date: String

    var text: String {
        let tls = certificate.map { "  tls: {certificate: \(SetupFile.quoted($0.certificate)), key: \(SetupFile.quoted($0.key))}\n" } ?? ""
        return """
            # Made by `tern setup` on \(date). All keys, with comments and defaults: /usr/share/tern/tern.yaml.
            # `tern check` says what is wrong with it, `tern doctor` lists problems that prevent calls.

            configuration_version: 1

            sip:
              listen: [udp:0.0.0.0:5060, tcp:0.0.0.0:5060\(certificate == nil ? "" : ", tls:0.0.0.0:5061")]
              domain: \(SetupFile.quoted(domain))
            \(tls)
            http:
              # \(certificate == nil ? "Without a certificate browsers give the page a microphone on this machine only." : "The page and the browser API.")
              listen: \(certificate == nil ? "127.0.0.1:8080" : "0.0.0.0:8443")
            \(tls)
            media:
              address: \(address)
            \(nat)\(places)
            users:
            \(userEntries)

            \(trunks)
            routes:
              - {match: echo, to: echo}
              # A name or number that is no user's leads to the next route.
              - {match: "*", from: [user, trunk], to: user}
            \(routes)
            """
    }

    private var userEntries: String {
        users.map { "  - {name: \(SetupFile.quoted($0.name)), password: \(SetupFile.quoted($0.password))\($0.isAdministrator ? ", admin: true" : "")}" }.joined(separator: "\n")
    }

    private var nat: String {
        guard let publicAddress else { return "" }
        return """

            # The NAT leads this address here, each port to the same one. Private networks are told the one above.
            nat: {public_address: \(publicAddress)}

            """
    }

    private var places: String {
        guard let state else { return "" }
        return """

            recordings: {directory: \(SetupFile.quoted(state + "/recordings"))}
            registrar: {database: \(SetupFile.quoted(state + "/registrations.sqlite"))}
            records: {database: \(SetupFile.quoted(state + "/records.sqlite"))}

            """
    }

    private var trunks: String {
        guard let trunk else { return "trunks: []\n" }
        var lines = ["trunks:", "  - name: carrier", "    targets: [\(SetupFile.quoted(trunk.target))]"]
        if let username = trunk.username {
            lines += ["    username: \(SetupFile.quoted(username))", "    password: \(SetupFile.quoted(trunk.password ?? ""))", "    register: true"]
        } else if let address = trunk.address {
            lines += ["    # Its calls come from here.", "    from_addresses: [\(SetupFile.quoted(address))]"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var routes: String {
        guard trunk != nil else { return "" }
        return """
              # Other numbers that users dial go to the carrier; other calls from the carrier ring the first user.
              - {match: '/\\+?[0-9]{3,18}/', from: user, to: trunk carrier}
              - {match: "*", from: trunk carrier, to: \(SetupFile.quoted("user \(users[0].name)"))}

            """
    }

    /// As YAML writes any text.
    static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            // The reader refuses these, and names the key.
            case _ where scalar.value < 32 || scalar.value == 127: "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }.joined()
        return "\"\(escaped)\""
    }

    /// A password that can be read out: 16 of 31 characters, some 79 bits.
    static func newPassword() -> String {
        let characters = Array("abcdefghjkmnpqrstuvwxyz23456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<16).map { _ in characters.randomElement(using: &generator) ?? "x" })
    }
}

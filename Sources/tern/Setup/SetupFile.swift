internal import Glibc

/// What `tern setup` has been told, as a configuration.
struct SetupFile {
    /// A carrier or PBX.
    struct Trunk {
        var host: String
        var username: String?
        var password: String?
    }

    /// A certificate and its key, both PEM files.
    struct Certificate {
        var certificate: String
        var key: String
    }

    var domain: String
    var address: String
    var user: String
    var password: String
    var administrator: String
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
            # `tern check --config FILE` says what is wrong with it, `tern doctor` what else stands in the way of calls.

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
            \(places)
            users:
              - {name: admin, password: \(SetupFile.quoted(administrator)), admin: true}
              - {name: \(SetupFile.quoted(user)), password: \(SetupFile.quoted(password))}

            \(trunks)
            routes:
              - {match: echo, to: echo}
            \(routes)  - {match: "*", from: [user, trunk], to: user}

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
        var lines = ["trunks:", "  - name: carrier", "    targets: [\(SetupFile.quoted("sip:\(trunk.host)"))]"]
        if let username = trunk.username {
            lines += ["    username: \(SetupFile.quoted(username))", "    password: \(SetupFile.quoted(trunk.password ?? ""))", "    register: true"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var routes: String {
        guard trunk != nil else { return "" }
        return """
              # Numbers that users dial go to the carrier; what comes from there, and is no user's name, rings the first user.
              - {match: '/\\+?[0-9]{3,18}/', from: user, to: trunk carrier}
              - {match: '/\\+?[0-9]{3,18}/', from: trunk carrier, to: \(SetupFile.quoted("user \(user)"))}

            """
    }

    /// As YAML writes any text.
    static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 32: " "
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

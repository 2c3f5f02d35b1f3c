internal import ArgumentParser
internal import Configuration
internal import Control
internal import Doctor
internal import Foundation
internal import Glibc
internal import SIPNames

/// `tern setup`: writes a first configuration, and looks whether it can work.
struct SetupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Write a configuration for this machine, and look whether calls can work.",
        discussion: """
            Asks what it is not told, when it runs in a terminal; without one, or with --yes, it takes what it finds. A file that is there already is kept \
            beside the new one. Passwords that are left out are made, and shown once. Exit codes: 0, 1 when calls will fail, 2 when nothing could be written.
            """)

    @Option(name: .long, help: ArgumentHelp("The file to write.", valueName: "file"))
    var config = "/etc/tern/tern.yaml"

    @Option(name: .long, help: ArgumentHelp("The domain of the users: alice@DOMAIN. Default: the address.", valueName: "name"))
    var domain: String?

    @Option(name: .long, help: ArgumentHelp("The IPv4 address of this machine that phones reach. Default: that of the default route.", valueName: "address"))
    var address: String?

    @Option(name: .long, help: ArgumentHelp("The first user. Default: alice.", valueName: "name"))
    var user: String?

    @Option(name: .long, help: ArgumentHelp("A file with the first user's password in its first line.", valueName: "file"))
    var passwordFile: String?

    @Option(name: .long, help: ArgumentHelp("A carrier or PBX that numbers go to; none for none.", valueName: "host[:port]"))
    var trunk: String?

    @Option(name: .long, help: ArgumentHelp("The name by which Tern registers there.", valueName: "name"))
    var trunkUser: String?

    @Option(name: .long, help: ArgumentHelp("A file with the password for it in its first line.", valueName: "file"))
    var trunkPasswordFile: String?

    @Option(name: .long, help: ArgumentHelp("self: make a certificate; none; or CERTIFICATE,KEY as PEM files.", valueName: "which"))
    var certificate: String?

    @Flag(name: .long, help: "Ask nothing, and replace a file that is there.")
    var yes = false

    func run() throws {
        let isAsking = !yes && isatty(0) == 1
        let questions = SetupQuestions(isAsking: isAsking)
        try mayWrite(questions)
        let own = HostAddresses.current().all.compactMap { IPAddress($0) }.filter { !$0.isLoopback }
        let chosen = try checkedAddress(questions.answer("Address of this machine that phones reach", address, or: ownAddress(own)), own)
        let domain = questions.answer("Domain of the users (alice@DOMAIN)", domain, or: chosen)
        let user = questions.answer("Name of the first user", user, or: "alice")
        let password = try passwordFile.map(firstLine) ?? SetupFile.newPassword()
        var file = SetupFile(
            domain: domain, address: chosen, user: user, password: password, administrator: SetupFile.newPassword(),
            state: FileManager.default.fileExists(atPath: "/var/lib/tern") ? "/var/lib/tern" : nil, date: Date().formatted(.iso8601.year().month().day()))
        let carrier = questions.answer("Carrier or PBX for numbers (host, or none)", trunk, or: "none")
        if carrier != "none" {
            let name = questions.answer("Name by which Tern registers there (none: it knows this address)", trunkUser, or: "none")
            file.trunk = SetupFile.Trunk(host: carrier, username: name == "none" ? nil : name)
            if name != "none" { file.trunk?.password = try trunkPasswordFile.map(firstLine) ?? (isAsking ? PasswordPrompt.read() : missingPassword()) }
        }
        file.certificate = try makeCertificate(questions.answer("Certificate for HTTPS and TLS (self, none, or CERTIFICATE,KEY)", certificate, or: "self"), for: [domain, chosen])
        try write(file)
        tell(file, password)
        try examine()
    }

    // MARK: Answers

    private func fail(_ text: String) -> ExitStatus {
        StandardStreams.error("tern: \(text)")
        return .badInput
    }

    private func missingPassword() throws(ExitStatus) -> String { throw fail("--trunk-user needs --trunk-password-file") }

    private func firstLine(of path: String) throws(ExitStatus) -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let line = text.split(separator: "\n").first, !line.isEmpty else {
            throw fail("\(path): no password is in its first line, or it cannot be read")
        }
        return String(line)
    }

    private func ownAddress(_ own: [IPAddress]) -> String {
        let media = (try? ConfigurationReader.load(file: nil, environment: ["TERN_SIP_LISTEN": "udp:0.0.0.0:5060", "TERN_USERS": "[]"], arguments: [:]))?.mediaAddress.address
        return media ?? own.first?.description ?? "127.0.0.1"
    }

    private func checkedAddress(_ text: String, _ own: [IPAddress]) throws(ExitStatus) -> String {
        guard let ip = IPAddress(text), ip.isOfOneHost else { throw fail("\(text) is no address") }
        guard !ip.isIPv6 else { throw fail("\(text): media.address is an IPv4 address; for phones with IPv6 set media.address6 and listen on [::] afterwards") }
        guard own.contains(ip) || ip.isLoopback else {
            let known = own.map(\.description).joined(separator: ", ")
            throw fail("\(text) is no address of this machine\(known.isEmpty ? ", which has none but loopback" : ", whose are \(known)"): RTP could not be taken there")
        }
        return text
    }

    // MARK: Files

    private func mayWrite(_ questions: SetupQuestions) throws(ExitStatus) {
        let folder = (config as NSString).deletingLastPathComponent
        guard access(folder.isEmpty ? "." : folder, W_OK) == 0 else { throw fail("\(folder) is not there, or you may not write to it: run this as root, or name another file by --config") }
        guard FileManager.default.fileExists(atPath: config) else { return }
        if yes { return }
        guard questions.isAsking else { throw fail("\(config) is there already: --yes replaces it, and keeps it beside the new one") }
        guard questions.answer("\(config) is there already. Replace it, and keep it beside the new one? (yes, no)", nil, or: "no").hasPrefix("y") else { throw .badInput }
    }

    private func makeCertificate(_ wish: String, for names: [String]) throws(ExitStatus) -> SetupFile.Certificate? {
        if wish == "none" { return nil }
        let parts = wish.split(separator: ",").map(String.init)
        if wish != "self" {
            guard let first = parts.first, parts.count <= 2 else { throw fail("\(wish): self, none, or CERTIFICATE,KEY") }
            return SetupFile.Certificate(certificate: first, key: parts.count == 2 ? parts[1] : first)
        }
        let base = (config as NSString).deletingPathExtension
        let files = SetupFile.Certificate(certificate: base + ".pem", key: base + ".key")
        let all = Set(names.map { (IPAddress($0) == nil ? "DNS:" : "IP:") + $0 }).sorted().joined(separator: ",")
        let made = Machine.this.output("openssl", [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha256", "-nodes", "-days", "397", "-subj", "/CN=Tern",
            "-addext", "subjectAltName=\(all)", "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth,clientAuth",
            "-keyout", files.key, "-out", files.certificate,
        ])
        guard made != nil else { throw fail("openssl made no certificate: is the package openssl installed? Or use --certificate none") }
        for path in [files.certificate, files.key] { protect(path) }
        return files
    }

    /// For root, and the group of the service where there is one.
    private func protect(_ path: String) {
        if let group = getgrnam("tern") { _ = chown(path, uid_t.max, group.pointee.gr_gid) }
        chmod(path, 0o640)
    }

    /// The new file stands beside the old one until it has been read without an error.
    private func write(_ file: SetupFile) throws(ExitStatus) {
        let new = config + ".new"
        guard FileManager.default.createFile(atPath: new, contents: Data(file.text.utf8), attributes: [.posixPermissions: 0o600]) else { throw fail("\(new) cannot be written") }
        do throws(TernConfigurationError) {
            _ = try ConfigurationReader.load(file: new, environment: [:], arguments: [:])
        } catch {
            unlink(new)
            StandardStreams.error(error.description)
            throw .badInput
        }
        if FileManager.default.fileExists(atPath: config) {
            let kept = config + ".before-" + Date().formatted(.iso8601.year().month().day().dateSeparator(.omitted).time(includingFractionalSeconds: false).timeSeparator(.omitted))
            guard rename(config, kept) == 0 else { throw fail("\(config) cannot be renamed to \(kept)") }
            StandardStreams.output("The former configuration is \(kept)")
        }
        guard rename(new, config) == 0 else { throw fail("\(config) cannot be written") }
        protect(config)
    }

    // MARK: What comes of it

    private func tell(_ file: SetupFile, _ password: String) {
        let page = file.certificate == nil ? "http://127.0.0.1:8080/" : "https://\(file.domain):8443/"
        var lines = [
            "", "\(config) is written.",
            "  log in   \(page) as \(file.user), password \(passwordFile == nil ? password : "of \(passwordFile ?? "")"); or admin, password \(file.administrator)",
            "  phones   register as \(file.user) at \(file.domain), port 5060",
            "  dial     echo, to hear yourself",
        ]
        if let certificate = file.certificate, certificate.certificate.hasPrefix((config as NSString).deletingPathExtension) {
            lines.append("  TLS      the certificate is Tern's own: browsers warn once. docs/operations.md has how certbot makes one that they know")
        }
        StandardStreams.output((lines + [""]).joined(separator: "\n"))
    }

    private func examine() throws {
        let loaded: LoadedConfiguration
        do throws(TernConfigurationError) { loaded = try ConfigurationReader.load(file: config, environment: [:], arguments: [:]) } catch { throw fail(error.description) }
        let findings = Examination(loaded, client: ControlClient(paths: [loaded.configuration.controlSocket, "/run/tern/control"]), isNew: true).findings()
        for finding in findings { for line in finding.lines { StandardStreams.output(line) } }
        StandardStreams.output("\nA gateway that runs takes all of this with a restart: systemctl restart tern. Then `tern doctor --config \(config)` calls its echo.")
        if findings.contains(where: { $0.severity == .fault }) { throw ExitStatus.failure }
    }
}

/// Asks in the terminal for what the arguments have left open.
struct SetupQuestions {
    let isAsking: Bool

    /// What was given; else what is typed, an empty line being the default.
    func answer(_ question: String, _ given: String?, or preset: String) -> String {
        if let given { return given }
        guard isAsking else { return preset }
        _ = StandardStreams.write(Array("\(question) [\(preset)]: ".utf8), to: 1)
        let line = readLine(strippingNewline: true)?.trimmingCharacters(in: .whitespaces) ?? ""
        return line.isEmpty ? preset : line
    }
}

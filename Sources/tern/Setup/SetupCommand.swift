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
            Asks what it is not told, when it runs in a terminal; without one, or with --yes, it takes what it finds. A file that is there already is replaced, \
            its users included, and kept beside the new one. Passwords that are left out are made, and shown once. Exit codes: 0, 1 when calls will fail, \
            2 when nothing could be written.
            """)

    @Option(name: .long, help: ArgumentHelp("The file to write.", valueName: "file"))
    var config = "/etc/tern/tern.yaml"

    @Option(name: .long, help: ArgumentHelp("The domain of the users: alice@DOMAIN. Default: the address.", valueName: "name"))
    var domain: String?

    @Option(name: .long, help: ArgumentHelp("The IPv4 address of this machine that phones reach. Default: that of the default route.", valueName: "address"))
    var address: String?

    @Option(name: .long, help: ArgumentHelp("The public IPv4 address that a NAT leads to this machine, as in a cloud; none for none.", valueName: "address"))
    var publicAddress: String?

    @Option(name: .long, help: ArgumentHelp("The users, separated by commas. The carrier's calls ring the first one. Default: alice,bob.", valueName: "names"))
    var users: String?

    @Option(name: .long, help: ArgumentHelp("A file with their passwords, one a line, in the same order; missing ones are made.", valueName: "file"))
    var passwordFile: String?

    @Option(name: .long, help: ArgumentHelp("A carrier or PBX that numbers go to; none for none.", valueName: "[sips:]host[:port]"))
    var trunk: String?

    @Option(name: .long, help: ArgumentHelp("The name by which Tern registers there.", valueName: "name"))
    var trunkUser: String?

    @Option(name: .long, help: ArgumentHelp("A file with the password for it in its first line.", valueName: "file"))
    var trunkPasswordFile: String?

    @Option(name: .long, help: ArgumentHelp("self: make a certificate; none; or CERTIFICATE,KEY as PEM files.", valueName: "which"))
    var certificate: String?

    @Flag(name: .long, help: "Ask nothing, and replace a file that is there, its users included.")
    var yes = false

    func run() throws {
        umask(0o077)
        let isAsking = !yes && isatty(0) == 1
        let questions = SetupQuestions(isAsking: isAsking)
        let target = try resolvedConfig()
        try mayWrite(target, questions)
        let own = HostAddresses.current().all.compactMap { IPAddress($0) }.filter { !$0.isLoopback }
        let chosen = try checkedAddress(questions.answer("Address of this machine that phones reach", address, or: ownAddress(own)), own)
        let shown = try checkedPublicAddress(questions.answer("Public address that a NAT leads to this machine (none: there is no NAT)", publicAddress, or: "none"), own)
        let domain = questions.answer("Domain of the users (alice@DOMAIN)", domain, or: shown ?? chosen)
        let names = questions.answer("Names of the users, separated by commas", users, or: "alice,bob")
        var file = SetupFile(
            domain: domain, address: chosen, publicAddress: shown, users: try named(names),
            state: FileManager.default.fileExists(atPath: "/var/lib/tern") ? "/var/lib/tern" : nil, date: Date().formatted(.iso8601.year().month().day()))
        let carrier = questions.answer("Carrier or PBX for numbers (host, or none)", trunk, or: "none")
        if carrier != "none" {
            let name = questions.answer("Name by which Tern registers there (none: it knows this address)", trunkUser, or: "none")
            file.trunk = SetupFile.Trunk(host: carrier, username: name == "none" ? nil : name)
            if name != "none" { file.trunk?.password = try trunkPasswordFile.map(firstLine) ?? (isAsking ? PasswordPrompt.read() : missingPassword()) }
        }
        let wish = questions.answer("Certificate for HTTPS and TLS (self, none, or CERTIFICATE,KEY)", certificate, or: "self")
        file.certificate = try givenCertificate(wish)
        let new = target + ".new"
        defer { unlink(new) }
        try writeValid(file, to: new)
        if wish == "self" {
            file.certificate = try makeCertificate(beside: target, for: [domain, chosen] + (shown.map { [$0] } ?? []))
            try writeValid(file, to: new)
        }
        try replace(target, by: new)
        tell(file, target)
        try examine(target)
    }

    // MARK: Answers

    private func fail(_ text: String) -> ExitStatus {
        StandardStreams.error("tern: \(text)")
        return .badInput
    }

    private func missingPassword() throws(ExitStatus) -> String { throw fail("--trunk-user needs --trunk-password-file") }

    /// The users of these names, with the passwords of the file, and an administrator where none of them is.
    private func named(_ names: String) throws(ExitStatus) -> [SetupFile.User] {
        let names = names.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard !names.isEmpty else { throw fail("a user needs a name") }
        let given = try passwordFile.map { path throws(ExitStatus) in try passwords(of: path, atMost: names.count) } ?? []
        var users = names.enumerated().map { number, name in
            number < given.count ? SetupFile.User(name: name, password: given[number], source: passwordFile) : SetupFile.User(name: name, password: SetupFile.newPassword())
        }
        if !users.contains(where: \.isAdministrator) { users.append(SetupFile.User(name: SetupFile.administratorName, password: SetupFile.newPassword())) }
        return users
    }

    private func firstLine(of path: String) throws(ExitStatus) -> String { try passwords(of: path, atMost: 1)[0] }

    /// The file's first lines, one at least, up to an empty one. A line ends at any newline, that of Windows included.
    private func passwords(of path: String, atMost count: Int) throws(ExitStatus) -> [String] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw fail("\(path): cannot be read") }
        let lines = text.split(maxSplits: count, omittingEmptySubsequences: false, whereSeparator: \.isNewline).prefix(count).prefix { !$0.isEmpty }
        guard !lines.isEmpty else { throw fail("\(path): no password is in its first line") }
        for (number, line) in lines.enumerated() where line.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw fail("\(path): the password in \(number == 0 ? "its first line" : "line \(number + 1)") has a control character")
        }
        return lines.map(String.init)
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
            throw fail("""
                \(text) is no address of this machine\(known.isEmpty ? ", which has none but loopback" : ", whose are \(known)"): RTP could not be taken there. \
                Where a NAT leads it here, as in a cloud, it is --public-address \(text)
                """)
        }
        return text
    }

    /// Nil for none.
    private func checkedPublicAddress(_ text: String, _ own: [IPAddress]) throws(ExitStatus) -> String? {
        if text == "none" { return nil }
        guard let ip = IPAddress(text), ip.isOfOneHost, !ip.isIPv6 else { throw fail("\(text) is no IPv4 address") }
        guard !own.contains(ip) else { throw fail("\(text) is an address of this machine, with no NAT before it: it is --address \(text)") }
        return text
    }

    // MARK: Files

    /// The file to write, absolute and without symbolic links: a link to the configuration stays one.
    private func resolvedConfig() throws(ExitStatus) -> String {
        if let path = realPath(config) {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else { throw fail("\(config) is a folder") }
            return path
        }
        guard (try? FileManager.default.destinationOfSymbolicLink(atPath: config)) == nil else { throw fail("\(config) is a symbolic link that leads to nothing") }
        let folder = (config as NSString).deletingLastPathComponent, name = (config as NSString).lastPathComponent
        guard !name.isEmpty, let parent = realPath(folder.isEmpty ? "." : folder) else { throw fail("\(folder.isEmpty ? config : folder) is not there: name another file by --config") }
        return parent == "/" ? "/" + name : parent + "/" + name
    }

    private func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    private func mayWrite(_ target: String, _ questions: SetupQuestions) throws(ExitStatus) {
        let folder = (target as NSString).deletingLastPathComponent
        guard access(folder, W_OK) == 0 else { throw fail("you may not write to \(folder): run this as root, or name another file by --config") }
        guard FileManager.default.fileExists(atPath: target) else { return }
        if yes { return }
        guard questions.isAsking else { throw fail("\(target) is there already: --yes replaces it, its users included, and keeps it beside the new one") }
        guard questions.answer("\(target) is there already. Replace it, its users included, and keep it beside the new one? (yes, no)", nil, or: "no").hasPrefix("y") else { throw .badInput }
    }

    /// The files that were named; nil for `self` and `none`.
    private func givenCertificate(_ wish: String) throws(ExitStatus) -> SetupFile.Certificate? {
        if wish == "none" || wish == "self" { return nil }
        let parts = wish.split(separator: ",").map(String.init)
        guard let first = parts.first, parts.count <= 2 else { throw fail("\(wish): self, none, or CERTIFICATE,KEY") }
        return SetupFile.Certificate(certificate: absolute(first), key: absolute(parts.count == 2 ? parts[1] : first))
    }

    /// Makes `tern-self.pem` and `tern-self.key`, names that nobody else uses.
    private func makeCertificate(beside target: String, for names: [String]) throws(ExitStatus) -> SetupFile.Certificate {
        let base = (target as NSString).deletingLastPathComponent + "/tern-self"
        let files = SetupFile.Certificate(certificate: base + ".pem", key: base + ".key", isSelfMade: true)
        let all = Set(names.map { (IPAddress($0) == nil ? "DNS:" : "IP:") + $0 }).sorted().joined(separator: ",")
        let made = Machine.this.output("openssl", [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha256", "-nodes", "-days", "397", "-subj", "/CN=Tern",
            "-addext", "subjectAltName=\(all)", "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth,clientAuth",
            "-keyout", files.key + ".new", "-out", files.certificate + ".new",
        ])
        guard made != nil else { throw fail("openssl made no certificate: is the package openssl installed? Or use --certificate none") }
        for path in [files.key, files.certificate] {
            protect(path + ".new")
            guard rename(path + ".new", path) == 0 else { throw fail("\(path) cannot be written") }
        }
        return files
    }

    /// For root and the group of the service; for the owner alone where there is no such group.
    private func protect(_ path: String) {
        var isShared = false
        if let group = getgrnam("tern") { isShared = chown(path, uid_t.max, group.pointee.gr_gid) == 0 }
        chmod(path, isShared ? 0o640 : 0o600)
    }

    /// Writes the text to a file of its own, and reads it as Tern would.
    private func writeValid(_ file: SetupFile, to new: String) throws(ExitStatus) {
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw fail("\(new) cannot be written") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard (try? handle.write(contentsOf: Data(file.text.utf8))) != nil, (try? handle.close()) != nil else { throw fail("\(new) cannot be written") }
        do throws(TernConfigurationError) {
            _ = try ConfigurationReader.load(file: new, environment: [:], arguments: [:])
        } catch {
            StandardStreams.error(error.description)
            throw .badInput
        }
    }

    /// Keeps the former file, and puts the new one in its place in one step.
    private func replace(_ target: String, by new: String) throws(ExitStatus) {
        if FileManager.default.fileExists(atPath: target) {
            let kept = target + ".before-" + Date().formatted(.iso8601.year().month().day().dateSeparator(.omitted).time(includingFractionalSeconds: false).timeSeparator(.omitted))
            if link(target, kept) != 0 {
                // Not every file system has links.
                guard (try? FileManager.default.copyItem(atPath: target, toPath: kept)) != nil else { throw fail("\(target) cannot be kept as \(kept)") }
            }
            StandardStreams.output("The former configuration, with its users, is \(kept)")
        }
        protect(new)
        guard rename(new, target) == 0 else { throw fail("\(target) cannot be written") }
    }

    // MARK: What comes of it

    private func tell(_ file: SetupFile, _ target: String) {
        let page = file.certificate == nil ? "http://127.0.0.1:8080/" : "https://\(file.domain):8443/"
        let width = file.users.map(\.name.count).max() ?? 0
        var lines = [
            "", "\(target) is written.",
            "  page     \(page)",
            "  phones   register at \(file.domain), port 5060",
        ]
        for (number, user) in file.users.enumerated() {
            let name = user.name.padding(toLength: width, withPad: " ", startingAt: 0)
            lines.append("  \(number == 0 ? "users " : "      ")   \(name)   password \(user.source.map { "of \($0)" } ?? user.password)\(user.isAdministrator ? "   (administrator)" : "")")
        }
        lines.append("  try it   log in at the page as \(file.users[0].name), register a phone as \(file.users[1 % file.users.count].name), dial \(file.users[0].name); dial echo to hear yourself")
        if file.certificate?.isSelfMade == true {
            lines.append("  TLS      the certificate is Tern's own: browsers warn once. docs/operations.md has how certbot makes one that they know")
        }
        StandardStreams.output((lines + [""]).joined(separator: "\n"))
    }

    private func examine(_ target: String) throws {
        let loaded: LoadedConfiguration
        do throws(TernConfigurationError) { loaded = try ConfigurationReader.load(file: target, environment: [:], arguments: [:]) } catch { throw fail(error.description) }
        let client = ControlClient(paths: [loaded.configuration.controlSocket, "/run/tern/control"])
        let findings = Examination(loaded, client: client, file: target, isNew: true).findings()
        for finding in findings { for line in finding.lines { StandardStreams.output(line) } }
        let doctor = target == ConfigurationOptions.standardFile ? "tern doctor" : "tern doctor --config \(target)"
        StandardStreams.output("\nA gateway that runs takes all of this with a restart: systemctl restart tern. Then `\(doctor)` calls its echo.")
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

internal import Authentication
internal import Glibc
internal import SDP
internal import TLS

extension ConfigurationReader {
    mutating func readSIP(_ section: ConfigurationSection?) {
        if let written = section?.list("listen", count: 1...16, ConfigurationText.sipListener) {
            configuration.sip.listen = written.map(\.value)
            listeners += written.map { ($0.value, $0.origin, $0.key) }
        } else {
            listeners += configuration.sip.listen.map { ($0, .builtIn, "sip.listen") }
        }
        readSIPTLS(section)
        guard let section else { return }
        section.read("domain", into: &configuration.sip.domain, ConfigurationText.host)
        section.read("realm", into: &configuration.sip.realm, ConfigurationText.realm)
        if let digest = section.list("digest", count: 1...2, { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: DigestAlgorithm.self)
        }) {
            configuration.sip.digest = digest.map(\.value)
        }
        section.read("user_agent", into: &configuration.sip.userAgent) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.printable(text, in: 1...128)
        }
        if let servers = section.list("name_servers", count: 0...8, ConfigurationText.nameServer) {
            configuration.sip.nameServers = servers.map(\.value)
        }
        section.read("maximum_calls", into: &configuration.sip.maximumCalls) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 1...100_000)
        }
        section.read("srtp", into: &configuration.sip.srtp) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: SRTPPolicy.self)
        }
    }

    // MARK: Certificates
    // Keys `sip.tls` and `http.tls`. The files are read here, so that `tern check` tells what is wrong with them.

    mutating func readSIPTLS(_ section: ConfigurationSection?) {
        let tls = subsection("tls", of: section)
        configuration.sip.tls = tlsFiles(tls)
        tls?.read("authorities", into: &configuration.sip.authorities, ConfigurationText.path)
        let listener = listeners.first { $0.address.transport == .tls }
        if let listener {
            if tls?.written("certificate") == nil {
                problems.add(
                    listener.origin, key: listener.key,
                    "\(listener.address) needs a certificate: give sip.tls.certificate and sip.tls.key")
            }
            checkAuthorities(tls)
        } else if let tls, tls.written("certificate") != nil {
            problems.warn(
                tls.origin(of: "certificate"), key: tls.key("certificate"),
                "has no use without a listener, as in tls:0.0.0.0:5061 in sip.listen")
        }
    }

    private func checkAuthorities(_ tls: ConfigurationSection?) {
        guard !problems.concern("sip.tls.authorities") else { return }
        do throws(TLSError) {
            try TLSAuthorities.check(configuration.sip.authorities)
        } catch {
            problems.add(tls?.written("authorities")?.origin ?? .builtIn, key: "sip.tls.authorities", error.description)
        }
    }

    /// A section within a section; nil when nobody wrote it.
    func subsection(_ name: String, of section: ConfigurationSection?) -> ConfigurationSection? {
        guard let section, let node = section.written(name) else { return nil }
        let path = section.key(name)
        return ConfigurationSection(node, path: path, known: ConfigurationKey.names(in: path), problems: problems)
    }

    /// The keys `certificate` and `key`, with what the files have to be complained of.
    func tlsFiles(_ section: ConfigurationSection?) -> TLSFiles? {
        guard let section else { return nil }
        let certificate = section.value("certificate", ConfigurationText.path)
        let key = section.value("key", ConfigurationText.path)
        guard let certificate else {
            if key != nil, section.written("certificate") == nil {
                problems.add(section.origin(of: "key"), key: section.key("certificate"), "a key needs its certificate")
            }
            return nil
        }
        guard !problems.concern(section.path) else { return nil }
        let files = TLSFiles(certificate: certificate, key: key ?? certificate)
        do throws(TLSError) {
            let identity = try TLSIdentity(files)
            if let complaint = identity.complaint() {
                problems.warn(section.origin(of: "certificate"), key: section.key("certificate"), complaint)
            }
        } catch {
            problems.add(section.origin(of: error.isOfKey ? "key" : "certificate"), key: section.path, error.description)
        }
        return files
    }
}

extension ConfigurationReader {
    mutating func readRegistrar(_ section: ConfigurationSection?) {
        guard let section else { return }
        section.read("database", into: &configuration.registrar.database, ConfigurationText.registrarDatabase)
        section.read("minimum_expires", into: &configuration.registrar.minimumExpires) { text throws(ConfigurationText.Refusal) in
            // RFC 3261 10.3: an hour is never too brief.
            try ConfigurationText.duration(text, in: .seconds(1) ... .seconds(3_600))
        }
        section.read("maximum_expires", into: &configuration.registrar.maximumExpires) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .seconds(1) ... .seconds(7 * 86_400))
        }
        section.read("contacts_per_user", into: &configuration.registrar.contactsPerUser) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 1...100)
        }
        section.read("keepalive", into: &configuration.registrar.keepalive) { text throws(ConfigurationText.Refusal) in
            if try ConfigurationText.duration(text, in: .zero ... .seconds(300)) == .zero { return nil }
            return try ConfigurationText.duration(text, in: .seconds(1) ... .seconds(300))
        }
        checkRegistrar(section)
    }

    private func checkRegistrar(_ section: ConfigurationSection) {
        let registrar = configuration.registrar
        if registrar.minimumExpires > registrar.maximumExpires {
            let key = section.written("maximum_expires") == nil ? "minimum_expires" : "maximum_expires"
            problems.add(section.origin(of: key), key: "registrar.\(key)", "minimum_expires is above maximum_expires")
        }
        guard case .file(let path) = registrar.database, section.written("database") != nil, let slash = path.lastIndex(of: "/") else { return }
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        guard access(directory, F_OK) != 0 else { return }
        problems.warn(section.origin(of: "database"), key: "registrar.database", "there is no directory \(directory)")
    }
}

extension TLSError {
    /// Whether the key is what is wrong, so that its place is told.
    fileprivate var isOfKey: Bool {
        switch self {
        case .noKey, .keyIsEncrypted, .mismatch: true
        default: false
        }
    }
}

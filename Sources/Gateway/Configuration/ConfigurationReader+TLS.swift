internal import TLS

// Certificates: `sip.tls` and `http.tls`. The files are looked at here, so that `tern check` tells what is wrong with them.
extension ConfigurationReader {
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

extension TLSError {
    /// Whether the key is what is wrong, so that its place is told.
    fileprivate var isOfKey: Bool {
        switch self {
        case .noKey, .keyIsEncrypted, .mismatch: true
        default: false
        }
    }
}

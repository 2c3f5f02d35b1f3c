internal import Glibc

extension ConfigurationReader {
    mutating func readRegistrar(_ section: ConfigurationSection?) {
        guard let section else { return }
        section.read("database", into: &configuration.registrar.database) { text throws(ConfigurationText.Refusal) in
            text == GatewayConfiguration.Registrar.memory ? text : try ConfigurationText.path(text)
        }
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
        guard registrar.database != GatewayConfiguration.Registrar.memory, section.written("database") != nil,
            let slash = registrar.database.lastIndex(of: "/")
        else { return }
        let directory = slash == registrar.database.startIndex ? "/" : String(registrar.database[..<slash])
        guard access(directory, F_OK) != 0 else { return }
        problems.warn(section.origin(of: "database"), key: "registrar.database", "there is no directory \(directory)")
    }
}

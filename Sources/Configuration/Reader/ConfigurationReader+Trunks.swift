internal import Authentication
internal import SDP
internal import SIPNames

extension ConfigurationReader {
    private static let trunkKeys = [
        "name", "targets", "username", "password", "ha1", "realm", "register", "expires", "contact", "keepalive",
        "keepalive_failures", "from_addresses", "inbound", "domains", "dialled_from", "caller_id", "from_domain", "trusted", "user_diversion", "maximum_calls",
        "srtp", "failover_on", "timeout", "numbers",
    ]

    mutating func readTrunks(_ top: ConfigurationSection) {
        guard let node = top.node["trunks"] else { return }
        configuration.trunks = []
        var names: [String: ConfigurationOrigin] = [:]
        var ranges: [AddressRange: (trunk: String, origin: ConfigurationOrigin)] = [:]
        for (index, item) in top.sections(of: node, name: "trunks", count: 0...100, known: Self.trunkKeys).enumerated() {
            let path = "trunks[\(index)]"
            guard let section = ConfigurationSection(item, path: path, known: Self.trunkKeys, problems: problems),
                var trunk = trunk(section)
            else { continue }
            let origin = section.origin(of: "name")
            if let first = names[trunk.name] {
                problems.add(origin, key: "\(path).name", "there is a trunk \(trunk.name) already, at \(first)")
                continue
            }
            names[trunk.name] = origin
            for address in section.list("from_addresses", count: 0...64, ConfigurationText.trunkRange) ?? [] {
                if let other = ranges[address.value] {
                    problems.add(
                        address.origin, key: address.key,
                        "\(address.value) is trunk \(other.trunk)'s already, at \(other.origin): nobody could tell whose calls these are")
                    continue
                }
                if address.value.length < (address.value.isIPv6 ? 16 : 8) {
                    problems.warn(
                        address.origin, key: address.key,
                        "\(address.value) is very wide: whoever calls from there is taken for the trunk, and no limit by address counts there (docs/security.md)")
                }
                ranges[address.value] = (trunk.name, address.origin)
                trunk.inbound.addresses.append(address.value)
            }
            checkAccount(of: trunk, section)
            configuration.trunks.append(trunk)
        }
    }

    /// A name in credentials has to say whose they are.
    private func checkAccount(of trunk: Trunk, _ section: ConfigurationSection) {
        guard let name = trunk.inbound.credentials?.username, let node = section.written("inbound") else { return }
        let other = configuration.trunks.first { $0.inbound.credentials?.username == name }
        guard other != nil || configuration.user(named: name) != nil else { return }
        problems.add(
            node.origin, key: section.key("inbound.username"),
            "\(name) is \(other.map { "trunk \($0.name)'s" } ?? "a user's name") already: nobody could tell whose credentials these are")
    }

    private func trunk(_ section: ConfigurationSection) -> Trunk? {
        for key in ["name", "targets"] where section.written(key) == nil {
            problems.add(section.origin(of: key), key: section.key(key), "a trunk must have \(key == "name" ? "a name" : "targets")")
        }
        let name = section.value("name", ConfigurationText.userName)
        let targets = section.written("targets") == nil ? nil : section.list("targets", count: 1...8, ConfigurationText.trunkTarget)
        var trunk = Trunk(name: name ?? "", targets: targets?.map(\.value) ?? [])
        trunk.credentials = credentials(section, needsRealm: true)
        trunk.registration = registration(section, of: trunk)
        readKeepalive(section, into: &trunk.keepalive)
        readInbound(section, into: &trunk.inbound)
        section.read("caller_id", into: &trunk.callerID, ConfigurationText.callerID)
        trunk.fromDomain = section.value("from_domain", ConfigurationText.host)
        section.read("trusted", into: &trunk.isTrusted, ConfigurationText.boolean)
        section.read("user_diversion", into: &trunk.takesUserDiversion, ConfigurationText.boolean)
        trunk.maximumCalls = section.value("maximum_calls") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 1...100_000)
        }
        trunk.srtp = section.value("srtp") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: SRTPPolicy.self)
        }
        if let ranges = section.list("failover_on", count: 0...64, ConfigurationText.statusRange) {
            trunk.failoverOn = ranges.map(\.value)
        }
        section.read("timeout", into: &trunk.timeout) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .seconds(1) ... .seconds(32))
        }
        if let node = section.written("numbers") { readNumbers(node, path: section.key("numbers"), into: &trunk.numbers) }
        return name == nil || trunk.targets.isEmpty ? nil : trunk
    }

    /// `username` with `password` or `ha1`.
    private func credentials(_ section: ConfigurationSection, needsRealm: Bool) -> TrunkCredentials? {
        let username = section.value("username") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.printable(text, in: 1...128)
        }
        let realm = section.value("realm") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.printable(text, in: 1...256)
        }
        let proofs = ["password", "ha1"].filter { section.written($0) != nil }
        guard section.written("username") != nil || !proofs.isEmpty else { return nil }
        if let key = proofs.first, section.written("username") == nil {
            problems.add(section.origin(of: key), key: section.key("username"), "\(key) needs a username")
        }
        let credential = credential(section, of: "trunk with a username")
        if case .ha1? = credential, needsRealm, section.written("realm") == nil {
            problems.add(section.origin(of: "ha1"), key: section.key("realm"), "ha1 needs the realm that it was made for")
        }
        guard let username, let credential else { return nil }
        return TrunkCredentials(username: username, credential, realm: realm)
    }

    private func registration(_ section: ConfigurationSection, of trunk: Trunk) -> TrunkRegistration? {
        let contact = section.value("contact", ConfigurationText.userName)
        var registration = TrunkRegistration(contact: contact ?? trunk.credentials?.username ?? trunk.name)
        section.read("expires", into: &registration.expires) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.duration(text, in: .seconds(60) ... .seconds(86_400))
        }
        if section.value("register", ConfigurationText.boolean) == true {
            if section.written("username") == nil {
                problems.add(section.origin(of: "register"), key: section.key("register"), "register: true needs a username, and a password or ha1")
            }
            return registration
        }
        for key in ["expires", "contact"] where section.written(key) != nil {
            problems.warn(section.origin(of: key), key: section.key(key), "has no meaning without register: true, and is ignored")
        }
        return nil
    }

    private func readKeepalive(_ section: ConfigurationSection, into keepalive: inout TrunkKeepalive) {
        section.read("keepalive", into: &keepalive.interval) { text throws(ConfigurationText.Refusal) in
            if try ConfigurationText.duration(text, in: .zero ... .seconds(3_600)) == .zero { return nil }
            return try ConfigurationText.duration(text, in: .seconds(5) ... .seconds(3_600))
        }
        section.read("keepalive_failures", into: &keepalive.failures) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.integer(text, in: 1...10)
        }
    }

    private func readInbound(_ section: ConfigurationSection, into inbound: inout TrunkInbound) {
        inbound.domains = section.list("domains", count: 0...64, ConfigurationText.routeDomain)?.map(\.value) ?? []
        section.read("dialled_from", into: &inbound.dialledFrom) { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: DialledFrom.self)
        }
        let known = ["username", "password", "ha1"]
        guard let node = section.written("inbound"),
            let own = ConfigurationSection(node, path: section.key("inbound"), known: known, problems: problems)
        else { return }
        inbound.credentials = credentials(own, needsRealm: false)
    }

    private func readNumbers(_ node: ConfigurationNode, path: String, into numbers: inout TrunkNumbers) {
        let keys: [(String, WritableKeyPath<TrunkNumbers, NumberRules>)] = [
            ("inbound_dialled", \.inboundDialled), ("inbound_caller", \.inboundCaller),
            ("outbound_dialled", \.outboundDialled), ("outbound_caller", \.outboundCaller),
        ]
        guard let section = ConfigurationSection(node, path: path, known: keys.map(\.0), problems: problems) else { return }
        for (key, field) in keys {
            guard let node = section.written(key) else { continue }
            for (index, item) in section.items(of: node, name: key, count: 0...64).enumerated() {
                let path = "\(section.key(key))[\(index)]"
                guard let own = ConfigurationSection(item, path: path, known: ["match", "to"], problems: problems),
                    let rule = numberRule(own)
                else { continue }
                numbers[keyPath: field].rules.append(rule)
            }
        }
    }

    private func numberRule(_ section: ConfigurationSection) -> NumberRules.Rule? {
        for key in ["match", "to"] where section.written(key) == nil {
            problems.add(section.node.origin, key: section.key(key), "a rule for numbers has match and to, as in {match: \"00*\", to: \"+{1}\"}")
        }
        let pattern = section.value("match", ConfigurationText.routePattern)
        let replacement = section.value("to", ConfigurationText.template)
        guard let pattern, let replacement else { return nil }
        checkGroups(of: replacement, pattern, at: section.origin(of: "to"), key: section.key("to"))
        return NumberRules.Rule(pattern, replacement)
    }
}

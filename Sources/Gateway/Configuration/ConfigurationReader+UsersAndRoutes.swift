internal import ProxyCore

extension ConfigurationReader {
    private static let userKeys = ["name", "password", "ha1", "display_name", "admin"]
    private static let routeKeys = ["match", "action", "user", "target", "srtp"]

    mutating func readUsers(_ top: ConfigurationSection) {
        guard let node = top.node["users"] else { return }
        configuration.users = []
        var places: [String: ConfigurationOrigin] = [:]
        for (index, item) in top.items(of: node, name: "users", count: 0...10_000).enumerated() {
            let path = "users[\(index)]"
            guard let section = ConfigurationSection(item, path: path, known: Self.userKeys, problems: problems),
                let user = user(section)
            else { continue }
            let origin = section.origin(of: "name")
            if let first = places[user.name] {
                problems.add(origin, key: "\(path).name", "there is a user \(user.name) already, at \(first)")
                continue
            }
            places[user.name] = origin
            let credential = section.written("password") == nil ? "ha1" : "password"
            userPlaces.append((section.key(credential), section.origin(of: credential)))
            configuration.users.append(user)
        }
    }

    private func user(_ section: ConfigurationSection) -> GatewayConfiguration.User? {
        if section.written("name") == nil {
            problems.add(section.origin(of: "name"), key: section.key("name"), "a user must have a name")
        }
        let name = section.value("name", ConfigurationText.userName)
        let credential = credential(section, of: "user")
        let displayName = section.value("display_name") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.printable(text, in: 1...128)
        }
        let isAdmin = section.value("admin", ConfigurationText.boolean) ?? false
        guard let name, let credential else { return nil }
        return .init(name: name, credential: credential, displayName: displayName, isAdmin: isAdmin)
    }

    mutating func readRoutes(_ top: ConfigurationSection) {
        guard let node = top.node["routes"] else { return }
        configuration.routes = []
        for (index, item) in top.items(of: node, name: "routes", count: 0...1_000).enumerated() {
            let path = "routes[\(index)]"
            guard let section = ConfigurationSection(item, path: path, known: Self.routeKeys, problems: problems)
            else { continue }
            let pattern = pattern(section)
            let action = action(section)
            let srtp = section.value("srtp") { text throws(ConfigurationText.Refusal) in
                try ConfigurationText.choice(text, of: SRTPPolicy.self)
            }
            guard let pattern, let action else { continue }
            warnOfUnreachable(pattern, at: section.origin(of: "match"), key: path)
            configuration.routes.append(Route(pattern: pattern, action: action, srtp: srtp))
            routePlaces.append((path, section.origin(of: "match")))
        }
    }

    private func pattern(_ section: ConfigurationSection) -> RoutePattern? {
        guard section.written("match") != nil else {
            problems.add(section.origin(of: "match"), key: section.key("match"), "a route must say what it matches")
            return nil
        }
        return section.value("match") { text throws(ConfigurationText.Refusal) in
            do throws(RoutePatternError) {
                return try RoutePattern(parsing: text)
            } catch {
                throw ConfigurationText.Refusal("\(ConfigurationText.quoted(text)): \(error.reason)")
            }
        }
    }

    private func action(_ section: ConfigurationSection) -> RouteAction? {
        guard section.written("action") != nil else {
            problems.add(section.origin(of: "action"), key: section.key("action"), "a route must have an action: echo, user or sip")
            return nil
        }
        let kind = section.value("action") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: RouteActionName.self)
        }
        let name = section.value("user", ConfigurationText.userName)
        let target = section.value("target", ConfigurationText.sipTarget)
        for (key, owner) in [("user", RouteActionName.user), ("target", .sip), ("srtp", .sip)] {
            if let kind, kind != owner, section.written(key) != nil {
                problems.add(section.origin(of: key), key: section.key(key), "action \(kind.rawValue) takes no \(key)")
            }
        }
        switch kind {
        case nil: return nil
        case .echo: return .echo
        case .user:
            if let name, configuration.user(named: name) == nil {
                let hint = Suggestion.hint(for: name, among: configuration.users.map(\.name))
                problems.add(section.origin(of: "user"), key: section.key("user"), "there is no user \(name)\(hint)")
            }
            return .user(name)
        case .sip:
            if section.written("target") == nil {
                problems.add(section.origin(of: "target"), key: section.key("target"), "action sip needs a target, as in sip:{user}@pbx.example.org")
            }
            return target.map { .sip(target: $0) }
        }
    }

    private func warnOfUnreachable(_ pattern: RoutePattern, at origin: ConfigurationOrigin, key: String) {
        guard let index = configuration.routes.firstIndex(where: { $0.pattern.covers(pattern) }) else { return }
        problems.warn(origin, key: key, "never reached: the route at \(routePlaces[index].origin) takes all that it matches")
    }
}

/// The words of key `action`.
private enum RouteActionName: String, CaseIterable {
    case echo, user, sip
}

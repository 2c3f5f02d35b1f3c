internal import SDP

extension ConfigurationReader {
    private static let routeKeys = ["match", "from", "domain", "rewrite", "to", "srtp", "record"]

    /// Reads the routes, after users and trunks, which they name.
    mutating func readRoutes(_ top: ConfigurationSection) {
        guard let node = top.node["routes"] else { return }
        configuration.routes = []
        for (index, item) in top.sections(of: node, name: "routes", count: 0...1_000, known: Self.routeKeys).enumerated() {
            let path = "routes[\(index)]"
            guard let section = ConfigurationSection(item, path: path, known: Self.routeKeys, problems: problems),
                let route = route(section)
            else { continue }
            let origin = section.origin(of: "match")
            warnOfUnreachable(route, at: origin, key: path)
            configuration.routes.append(route)
            routePlaces.append((path, origin))
        }
    }

    private func route(_ section: ConfigurationSection) -> Route? {
        let pattern = pattern(section)
        let sources = section.list("from", count: 1...64, ConfigurationText.routeSource)
        let domains = section.list("domain", count: 1...64, ConfigurationText.routeDomain)
        let rewrite = section.value("rewrite", ConfigurationText.template)
        if section.written("to") == nil {
            let words = "echo, user, user NAME, trunk NAME, sip URI or reject CODE"
            problems.add(section.origin(of: "to"), key: section.key("to"), "a route must say where calls go: \(words)")
        }
        let written = section.written("to") == nil ? nil : section.list("to", count: 1...8, ConfigurationText.routeTarget)
        let srtp = section.value("srtp") { text throws(ConfigurationText.Refusal) in
            try ConfigurationText.choice(text, of: SRTPPolicy.self)
        }
        let isRecorded = section.value("record", ConfigurationText.boolean) ?? false
        for source in sources ?? [] { checkNames(in: source) }
        guard let pattern, let written, !written.isEmpty else { return nil }
        for target in written { checkNames(in: target) }
        if let rewrite {
            checkGroups(of: rewrite, pattern, at: section.origin(of: "rewrite"), key: section.key("rewrite"))
        }
        for target in written {
            guard let template = target.value.template else { continue }
            checkGroups(of: template, pattern, at: target.origin, key: target.key)
        }
        checkOrder(of: written)
        let route = Route(
            pattern, to: written.map(\.value), from: sources?.map(\.value), domains: domains?.map(\.value) ?? [],
            rewrite: rewrite, srtp: srtp, isRecorded: isRecorded)
        if srtp != nil, !route.targets.contains(where: \.leavesTheGateway) {
            problems.add(section.origin(of: "srtp"), key: section.key("srtp"), "only trunk and sip targets have SRTP of their own")
        }
        checkStrangers(route, sources ?? [])
        return route
    }

    private func pattern(_ section: ConfigurationSection) -> RoutePattern? {
        guard section.written("match") != nil else {
            problems.add(section.origin(of: "match"), key: section.key("match"), "a route must say what it matches")
            return nil
        }
        return section.value("match", ConfigurationText.routePattern)
    }

    private func checkNames(in source: (value: RouteSource, origin: ConfigurationOrigin, key: String)) {
        switch source.value {
        case .user(let name): checkUser(name, at: source.origin, key: source.key)
        case .trunk(let name): checkTrunk(name, at: source.origin, key: source.key)
        case .anyone, .anonymous, .anyUser, .anyTrunk: break
        }
    }

    private func checkNames(in target: (value: RouteTarget, origin: ConfigurationOrigin, key: String)) {
        switch target.value {
        case .user(let name?): checkUser(name, at: target.origin, key: target.key)
        case .trunk(let name, _): checkTrunk(name, at: target.origin, key: target.key)
        case .user(nil), .echo, .sip, .reject: break
        }
    }

    private func checkUser(_ name: String, at origin: ConfigurationOrigin, key: String) {
        guard configuration.user(named: name) == nil else { return }
        problems.add(origin, key: key, "there is no user \(name)\(Suggestion.hint(for: name, among: configuration.users.map(\.name)))")
    }

    private func checkTrunk(_ name: String, at origin: ConfigurationOrigin, key: String) {
        let names = configuration.trunks.map(\.name)
        // A trunk that is wrong itself has been told of.
        guard !names.contains(name), !problems.concern("trunks") else { return }
        problems.add(origin, key: key, "there is no trunk \(name)\(Suggestion.hint(for: name, among: names))")
    }

    func checkGroups(of template: RouteTemplate, _ pattern: RoutePattern, at origin: ConfigurationOrigin, key: String) {
        guard template.highestGroup > pattern.groupCount else { return }
        let has = pattern.groupCount == 0 ? "has no group" : "has \(pattern.groupCount) only"
        problems.add(origin, key: key, "{\(template.highestGroup)} is a group of `match`, and \(pattern) \(has)")
    }

    /// Echo is no call that could fail, and nothing comes after a rejection.
    private func checkOrder(of targets: [(value: RouteTarget, origin: ConfigurationOrigin, key: String)]) {
        for (index, target) in targets.enumerated() {
            switch target.value {
            case .echo where targets.count > 1: problems.add(target.origin, key: target.key, "echo must stand alone")
            case .reject where index < targets.count - 1: problems.add(target.origin, key: target.key, "nothing comes after reject")
            default: break
            }
        }
    }

    private func checkStrangers(_ route: Route, _ sources: [(value: RouteSource, origin: ConfigurationOrigin, key: String)]) {
        guard let source = sources.first(where: { $0.value.admits(.anonymous) }),
            let trunk = route.targets.first(where: \.isTrunk)
        else { return }
        problems.add(
            source.origin, key: source.key,
            "with \(trunk), everybody who reaches this gateway could call at your expense: from \(source.value) is not possible here")
    }

    private func warnOfUnreachable(_ route: Route, at origin: ConfigurationOrigin, key: String) {
        guard let index = configuration.routes.firstIndex(where: { $0.covers(route) }) else { return }
        problems.warn(origin, key: key, "never reached: the route at \(routePlaces[index].origin) takes all that it matches")
    }

    /// Strangers may reach users and other gateways only where that is meant.
    func warnOfOpenRoutes() {
        guard let open = configuration.sip.listen.first(where: { !$0.isLoopback }) else { return }
        for (index, route) in configuration.routes.enumerated() where route.from.contains(where: { $0.admits(.anonymous) }) {
            let what: String
            if route.targets.contains(where: \.leavesTheGateway) {
                what = "call \(route.targets.first(where: \.leavesTheGateway)?.description ?? "")"
            } else if route.targets.contains(where: \.ringsUsers) {
                what = "ring users"
            } else {
                continue
            }
            let place = routePlaces.indices.contains(index) ? routePlaces[index] : ("routes", .builtIn)
            problems.warn(
                place.origin, key: place.key,
                "whoever reaches \(open) can \(what) without a password: `from: [user, trunk]` keeps strangers out")
        }
    }
}

extension RouteTarget {
    fileprivate var isTrunk: Bool {
        if case .trunk = self { true } else { false }
    }

    fileprivate var ringsUsers: Bool {
        if case .user = self { true } else { false }
    }
}

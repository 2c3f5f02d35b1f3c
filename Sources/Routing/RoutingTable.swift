public import Configuration
internal import SIPNames

/// The routes, with the users and trunks that they lead to. Pure: its answer depends on these and on the request alone.
public struct RoutingTable: Sendable {
    /// A user, as routes know it.
    public struct User: Sendable, Equatable {
        public var name: String
        public var displayName: String?

        public init(name: String, displayName: String? = nil) {
            self.name = name
            self.displayName = displayName
        }
    }

    let routes: [Route]
    let users: [String: User]
    /// In the order of the configuration.
    let trunks: [Trunk]
    /// Key `sip.domain`: the host of what is dialled without one, and of our own From.
    let domain: String
    /// Where each of the routes was written; empty where that is not known.
    let places: [ConfigurationOrigin]
    private let trunksByName: [String: Trunk]

    public init(routes: [Route], users: [User], trunks: [Trunk], domain: String, places: [ConfigurationOrigin] = []) {
        self.routes = routes
        self.places = places
        self.users = Dictionary(users.map { ($0.name, $0) }) { first, _ in first }
        self.trunks = trunks
        self.domain = domain
        trunksByName = Dictionary(trunks.map { ($0.name, $0) }) { first, _ in first }
    }

    /// Where a route was written: `tern.yaml:12:5`.
    public func place(of route: Int) -> String {
        (places.indices.contains(route) ? places[route] : .builtIn).description
    }

    /// Whether calls by a route are recorded.
    public func isRecorded(_ route: Int) -> Bool { routes.indices.contains(route) && routes[route].isRecorded }

    func trunk(named name: String) -> Trunk? { trunksByName[name] }

    /// Asks the routes in their order; the first that takes the call decides.
    ///
    /// - Parameter isGuest: Whether a name is that of somebody who is no user of the configuration, but can be called now.
    public func decide(_ request: RoutingRequest, isGuest: (String) -> Bool = { _ in false }) -> RoutingDecision {
        var (isForOthers, credentialsHelp) = (false, false)
        for (index, route) in routes.enumerated() {
            switch verdict(of: route, on: request, isGuest) {
            case .takes(let destinations): return .targets(destinations, route: index)
            case .otherSource(let help): (isForOthers, credentialsHelp) = (true, credentialsHelp || help)
            case .otherNumber, .otherDomain, .leadsNowhere: break
            }
        }
        guard isForOthers else { return .none }
        return credentialsHelp ? .challenge : .forbidden
    }

    /// What each route says, for people: all up to the one that takes the call.
    public func verdicts(on request: RoutingRequest, isGuest: (String) -> Bool = { _ in false }) -> [RouteVerdict] {
        var result: [RouteVerdict] = []
        for route in routes {
            let verdict = verdict(of: route, on: request, isGuest)
            result.append(verdict)
            if case .takes = verdict { break }
        }
        return result
    }

    private func verdict(
        of route: Route, on request: RoutingRequest, _ isGuest: (String) -> Bool
    ) -> RouteVerdict {
        guard var match = route.pattern.match(request.dialled) else { return .otherNumber }
        guard route.domains.isEmpty || route.domains.contains(where: { $0.matches(request.domain) }) else { return .otherDomain }
        if let rewrite = route.rewrite { match.user = rewrite.filled(with: match) }
        // Before it is asked who is reached: a stranger learns nothing of the names of users.
        guard route.from.contains(where: { $0.admits(request.source) }) else {
            return .otherSource(credentialsHelp: request.source == .anonymous && route.from.contains(where: canBeProven))
        }
        let destinations = route.targets.compactMap { destination($0, of: route, match, for: request.source, isGuest) }
        guard !destinations.isEmpty else { return .leadsNowhere }
        return .takes(destinations)
    }

    /// Nil where there is nobody.
    private func destination(
        _ target: RouteTarget, of route: Route, _ match: RouteMatch, for source: CallSource, _ isGuest: (String) -> Bool
    ) -> RouteDestination? {
        switch target {
        case .echo: return .echo
        case .user(let name):
            let name = name ?? match.user
            return users[name] != nil || isGuest(name) ? .user(name) : nil
        case .trunk(let name, let dialled):
            // The configuration sees to it that strangers have no route to a trunk; here it is seen to once more. Nor does a
            // call go back to the trunk that it came by, where it would run up a bill and perhaps come again.
            guard var trunk = trunksByName[name], source != .anonymous, source != .trunk(name) else { return nil }
            trunk.srtp = route.srtp ?? trunk.srtp
            // Without a number the call would be for the carrier itself.
            let number = dialled?.filled(with: match) ?? match.user
            return number.isEmpty ? nil : .trunk(trunk, dialled: number)
        case .sip(let uri): return .sip(uri: uri.filled(with: match, escape: SIPURI.escaped), srtp: route.srtp)
        case .reject(let status, let phrase): return .reject(status: status, phrase: phrase)
        }
    }

    /// Whether somebody who has proven nothing yet can become one of these by credentials.
    private func canBeProven(_ source: RouteSource) -> Bool {
        switch source {
        case .anyUser, .user: true
        case .anyTrunk: trunks.contains { $0.inbound.credentials != nil }
        case .trunk(let name): trunksByName[name]?.inbound.credentials != nil
        case .anyone, .anonymous: false
        }
    }
}

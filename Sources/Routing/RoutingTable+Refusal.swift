internal import Configuration

extension RoutingTable {
    /// Why a call that no route takes is refused, in a sentence, and the place of the route that says so; no place where none is for its number.
    public func refusal(of request: RoutingRequest, isGuest: (String) -> Bool = { _ in false }) -> (sentence: String, route: String?) {
        let verdicts = verdicts(on: request, isGuest: isGuest)
        // A route for others explains a 401 or 403; only without one is it of interest that another leads nowhere.
        let index = verdicts.firstIndex { if case .otherSource = $0 { true } else { false } }
            ?? verdicts.firstIndex { $0 == .leadsNowhere } ?? verdicts.firstIndex { $0 == .otherDomain }
        let dialled = request.dialled.isEmpty ? "a call without a number" : String(request.dialled.prefix(64))
        guard let index else { return ("no route takes \(dialled)", nil) }
        return ("the route \(routes[index].pattern) \(reason(verdicts[index], routes[index], request))", place(of: index))
    }

    /// Whether a route takes the number of a call that no route takes, and there is nobody of that name.
    public func leadsToNobody(_ request: RoutingRequest, isGuest: (String) -> Bool = { _ in false }) -> Bool {
        verdicts(on: request, isGuest: isGuest).contains(.leadsNowhere)
    }

    /// What a route says to a call, to follow its name.
    func reason(_ verdict: RouteVerdict, _ route: Route, _ request: RoutingRequest) -> String {
        switch verdict {
        case .takes: return "takes the call"
        case .otherNumber: return "is for other numbers"
        case .otherDomain:
            return "is for \(route.domains.map(\.description).joined(separator: ", ")), not for \(request.domain)"
        case .otherSource(let help):
            let sources = route.from.map(\.description).joined(separator: ", ")
            return "is for \(sources), not for \(request.source)" + (help ? " without credentials" : "")
        case .leadsNowhere:
            let hasTrunk = route.targets.contains { if case .trunk = $0 { true } else { false } }
            guard hasTrunk else { return "leads nowhere: there is no user of that name" }
            return request.source.isTrunk ? "would lead back to the trunk that the call came by" : "leaves no number for the trunk to dial"
        }
    }
}

extension RouteDestination {
    /// Who is called, and by which number or address: `trunk carrier 00493012345`.
    public var summary: String {
        switch self {
        case .echo: "echo"
        case .user(let name): "user \(name)"
        case .trunk(let trunk, let dialled): "trunk \(trunk.name) \(trunk.numbers.outboundDialled.normalise(dialled))"
        case .sip(let uri, _): uri
        case .reject(let status, let phrase): "reject \(status)\(phrase.map { " \($0)" } ?? "")"
        }
    }
}

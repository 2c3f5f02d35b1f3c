internal import Configuration
internal import SIPNames

/// What becomes of a call, for people: which route decides, why those before it did not, and what would be sent.
public struct RouteExplanation: Sendable {
    private let table: RoutingTable
    private let query: RoutingQuery

    public init(_ table: RoutingTable, _ query: RoutingQuery) {
        self.table = table
        self.query = query
    }

    /// Whether anybody is reached.
    public var isReached: Bool {
        guard case .targets(let destinations, _) = table.decide(query.request) else { return false }
        return destinations.contains { if case .reject = $0 { false } else { true } }
    }

    public var text: String {
        let request = query.request
        var lines = ["\(request.source) dials \(shown(request.dialled)) in \(request.domain)"]
        lines += query.notes.map { "  (\($0))" }
        lines.append("")
        lines += verdicts
        lines.append("")
        switch table.decide(request) {
        case .targets(let destinations, let route):
            lines += self.destinations(destinations)
            if table.isRecorded(route) { lines.append("The call is recorded.") }
        case .challenge: lines.append("The caller gets 401: with the credentials of somebody whom a route above is for, the call goes on.")
        case .none: lines.append("The caller gets 404: no route takes the call.")
        case .forbidden: lines.append("The caller gets 403: there is a route, but for others.")
        }
        return lines.joined(separator: "\n")
    }

    // MARK: Routes

    private var verdicts: [String] {
        var lines: [String] = []
        var skipped = 0
        for (index, verdict) in table.verdicts(on: query.request).enumerated() {
            if verdict == .otherNumber {
                skipped += 1
                continue
            }
            if skipped > 0 { lines.append(others(skipped)) }
            skipped = 0
            let route = table.routes[index]
            lines.append("  \(table.place(of: index)): \(route.pattern) to \(route.targets.map(\.description).joined(separator: ", "))")
            lines.append("    \(table.reason(verdict, route, query.request))")
        }
        if skipped > 0 { lines.append(others(skipped)) }
        return lines
    }

    private func others(_ count: Int) -> String {
        "  \(count) \(count == 1 ? "route is" : "routes are") for other numbers"
    }

    // MARK: Destinations

    private func destinations(_ destinations: [RouteDestination]) -> [String] {
        var lines = [destinations.count == 1 ? "The call goes to" : "The call goes to the first of these that takes it:"]
        for (index, destination) in destinations.enumerated() {
            let described = describe(destination)
            let number = destinations.count == 1 ? "  " : "  \(index + 1). "
            lines.append(number + (described.first ?? ""))
            lines += described.dropFirst().map { "       \($0)" }
        }
        return lines
    }

    private func describe(_ destination: RouteDestination) -> [String] {
        switch destination {
        case .echo: return ["echo"]
        case .user(let user): return ["user \(user), every browser and phone of theirs at once"]
        case .reject(let status, let phrase): return ["a response: \(status)" + (phrase.map { " \($0)" } ?? "")]
        case .sip(let uri, _): return ["INVITE \(uri)", transport(uri)] + lines(OutgoingIdentity(of: query.origin, keepsHistory: false))
        case .trunk(let trunk, let dialled): return describe(trunk, dialled)
        }
    }

    private func describe(_ trunk: Trunk, _ dialled: String) -> [String] {
        let uris = trunk.requestURIs(dialled: dialled)
        var lines = ["trunk \(trunk.name)"]
        for (index, uri) in uris.enumerated() { lines.append("\(index == 0 ? "INVITE" : "then  ") \(uri) \(transport(uri))") }
        lines += self.lines(OutgoingIdentity(of: query.origin, to: trunk, domain: table.domain))
        let codes = trunk.failoverOn.map(\.description).joined(separator: ", ")
        if uris.count > 1 {
            lines.append("the next target after \(codes.isEmpty ? "" : "\(codes) or ")\(trunk.timeout.components.seconds) s of silence")
        }
        if let most = trunk.maximumCalls { lines.append("as long as it has fewer than \(most) calls") }
        return lines
    }

    private func lines(_ identity: OutgoingIdentity) -> [String] {
        let from = NameAddress(
            user: identity.fromUser, host: identity.fromHost ?? table.domain, displayName: identity.displayName)
        return ["From: \(from.text)"] + identity.headers.map { "\($0.name): \($0.value)" }
    }

    /// What carries a request to it, as people say it (RFC 3263 section 4.1).
    private func transport(_ uri: String) -> String {
        guard let uri = SIPURI(uri) else { return "over UDP" }
        if uri.needsTLS { return "over TLS" }
        if let transport = uri.transport { return "over \(transport.uppercased())" }
        return uri.port != nil || uri.address != nil ? "over UDP" : "as NAPTR and SRV records say, else over UDP"
    }

    private func shown(_ text: String) -> String { text.isEmpty ? "nobody" : ConfigurationText.shown(text) }
}

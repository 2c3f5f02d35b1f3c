public import Configuration
public import SDP
internal import SIPNames

/// What a person asks about a call that nobody makes: `tern route FROM TO`.
public struct RoutingQuery: Sendable, Equatable {
    public let request: RoutingRequest
    /// Who calls, as it would be shown and sent on.
    let origin: CallOrigin
    /// What became of the words before the routes are asked.
    public let notes: [String]

    /// - Parameters:
    ///   - from: `user:NAME`, `trunk:NAME`, `anonymous`, an address that calls come from, or the `sip:` URI of a From header.
    ///   - to: What is dialled: a name, a number, a `sip:` or `tel:` URI.
    ///   - caller: The caller's number, for a call of a trunk.
    public init(
        from: String, to: String, caller: String?, table: RoutingTable
    ) throws(RouteTextError) {
        var notes: [String] = []
        let (dialled, domain) = try RoutingQuery.dialled(to, table)
        let source = try RoutingQuery.source(from, domain: domain, table, notes: &notes)
        var request = RoutingRequest(source: source, dialled: dialled, domain: domain)
        var origin = CallOrigin(source: source, user: caller ?? CallOrigin.anonymousUser)
        switch source {
        case .user(let name):
            origin.user = caller ?? name
            origin.displayName = table.users[name]?.displayName
            if SIPURI(to) != nil, RouteDomain.canonical(domain) != RouteDomain.canonical(table.domain) {
                notes.append("a browser calls that URI as it is; this is about a phone that sends it here")
            }
        case .trunk(let name):
            guard let trunk = table.trunk(named: name) else { break }
            request.dialled = trunk.numbers.inboundDialled.normalise(dialled)
            origin.user = trunk.numbers.inboundCaller.normalise(origin.user)
            if request.dialled != dialled { notes.append("\(dialled) becomes \(request.dialled) by numbers.inbound_dialled of trunk \(name)") }
            if let caller, origin.user != caller {
                notes.append("the caller \(caller) becomes \(origin.user) by numbers.inbound_caller of trunk \(name)")
            }
        case .anonymous:
            if let uri = SIPURI(from), caller == nil {
                // As a call's: nobody is shown as one of our users who has not proven it.
                let user = uri.user ?? ""
                origin.user = table.users[user] == nil ? user : "\(user)@\(uri.uriHost)"
            }
        }
        self.request = request
        self.origin = origin
        self.notes = notes
    }

    private static func dialled(
        _ text: String, _ table: RoutingTable
    ) throws(RouteTextError) -> (user: String, domain: String) {
        func plain(_ text: String) -> String { DialledNumber.plain(text) { table.users[$0] != nil } }
        if let uri = SIPURI(text) { return (plain(uri.user ?? ""), uri.uriHost) }
        if let number = TelURI(text)?.number { return (plain(number), table.domain) }
        guard !text.lowercased().hasPrefix("sip:"), !text.lowercased().hasPrefix("sips:") else {
            throw RouteTextError("\(ConfigurationText.quoted(text)) is no SIP URI")
        }
        return (plain(text), table.domain)
    }

    private static func source(
        _ text: String, domain: String, _ table: RoutingTable, notes: inout [String]
    ) throws(RouteTextError) -> CallSource {
        if text == "anonymous" { return .anonymous }
        if text.hasPrefix("user:") {
            let name = String(text.dropFirst(5))
            guard table.users[name] == nil else { return .user(name) }
            throw RouteTextError("there is no user \(name)\(Suggestion.hint(for: name, among: table.users.keys.sorted()))")
        }
        if text.hasPrefix("trunk:") {
            let (name, names) = (String(text.dropFirst(6)), table.trunks.map(\.name))
            if let trunk = table.trunk(named: name) {
                let domains = trunk.inbound.domains
                guard !domains.isEmpty, !domains.contains(where: { $0.matches(domain) }), trunk.inbound.credentials == nil
                else { return .trunk(name) }
                notes.append("calls of trunk \(name) are for \(domains.map(\.description).joined(separator: ", ")) only: this one counts as anonymous")
                return .anonymous
            }
            throw RouteTextError("there is no trunk \(name)\(Suggestion.hint(for: name, among: names))")
        }
        if let uri = SIPURI(text) {
            notes.append("a From header proves nothing: \(text) counts as anonymous")
            if uri.uriHost == table.domain, let user = uri.user, table.users[user] != nil {
                notes.append("it names user \(user), who is asked for credentials: user:\(user) is the call with them")
            }
            return .anonymous
        }
        let matcher = SourceMatcher(table.trunks)
        guard let address = IPAddress(host: text) else {
            let hint = table.users[text] == nil ? "" : " (did you mean user:\(text)?)"
            throw RouteTextError(
                "\(ConfigurationText.quoted(text)) is none of user:NAME, trunk:NAME, anonymous, an address, a sip: URI\(hint)")
        }
        guard let name = matcher.trunk(of: address, domain: domain) else {
            notes.append("\(address) is in no trunk's from_addresses, or not in this domain: it counts as anonymous")
            return .anonymous
        }
        notes.append("\(address) is in from_addresses of trunk \(name)")
        return .trunk(name)
    }
}

/// What becomes of a call.
public enum RoutingDecision: Sendable, Equatable {
    /// At least one destination, tried in this order; `route` counts from 0.
    case targets([RouteDestination], route: Int)
    /// No route for a caller who has proven nothing, but one for somebody with credentials: 401.
    case challenge
    /// No route for what was dialled: 404.
    case none
    /// There is a route, but for others: 403.
    case forbidden
}

/// Where a call goes, after the routes have been asked.
public enum RouteDestination: Sendable, Equatable {
    case echo
    /// A user, by name.
    case user(String)
    /// A trunk, with the route's own choice of SRTP, and what it is to dial: not escaped, not yet in the trunk's notation.
    case trunk(Trunk, dialled: String)
    /// A SIP URI, ready to be called. `srtp` is the route's own choice; nil leaves it to `sip.srtp`.
    case sip(uri: String, srtp: SRTPPolicy? = nil)
    /// A final response, 400 to 699; without a phrase it is the standard one.
    case reject(status: Int, phrase: String?)

    /// The choice of SRTP that goes before `sip.srtp`.
    public var srtp: SRTPPolicy? {
        switch self {
        case .sip(_, let srtp): srtp
        case .trunk(let trunk, _): trunk.srtp
        case .echo, .user, .reject: nil
        }
    }
}

/// What one route says to a call.
public enum RouteVerdict: Sendable, Equatable {
    /// It takes the call.
    case takes([RouteDestination])
    /// Something else was dialled.
    case otherNumber
    /// The Request-URI has another host.
    case otherDomain
    /// It is for others. With credentials the caller could be one of them, or could not.
    case otherSource(credentialsHelp: Bool)
    /// It would take the call, but leads nowhere: the dialled name is no user's, or the call would go back to its trunk.
    case leadsNowhere
}

/// What the routes are asked.
public struct RoutingRequest: Sendable, Equatable {
    public var source: CallSource
    /// The user part of the Request-URI, its escapes decoded, or what was typed.
    public var dialled: String
    /// The host of the Request-URI; a browser that dials a name alone dials it in the gateway's own domain.
    public var domain: String

    public init(source: CallSource, dialled: String, domain: String) {
        self.source = source
        self.dialled = dialled
        self.domain = domain
    }
}

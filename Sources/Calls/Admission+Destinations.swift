internal import BrowserAPI
internal import Configuration
internal import ProxyCore
internal import Routing
internal import SIP
internal import SIPNames

/// Where a call goes: the routes' decision, and what may be dialled past them.
extension Admission {
    // MARK: From SIP

    func route(_ request: RoutingRequest, challenge: RequestAuthenticator.Challenge?) throws(Refusal) -> Routed {
        var refusal: Refusal
        switch routing.decide(request, isGuest: users.isGuest) {
        case .targets(let destinations, let route):
            let routed = Routed(destinations: destinations, route: routing.place(of: route), isRecorded: routing.isRecorded(route))
            guard destinations.contains(where: { if case .sip(let uri, _) = $0 { ownAddresses.contain(uri: uri) } else { false } }) else { return routed }
            refusal = Refusal(482, "the route leads back here")
            refusal.details = Refusal.Details(route: routed.route, routedTo: routed.summary)
            throw refusal
        case .challenge:
            let reason = "the route is for callers with credentials"
            refusal = challenge.map { Refusal($0(), reason) } ?? Refusal(403, reason)
        case .forbidden: refusal = Refusal(403, "the route is for other callers")
        case .none where request.source == .anonymous && routing.leadsToNobody(request, isGuest: users.isGuest):
            // A stranger gets what a user's name gets whose phones are away: in all else, too, as when there is no room.
            try checkRoom(for: request.source)
            refusal = Refusal(CallEnd.notReachable.sipResponse, CallEnd.notReachable.reason)
        case .none: refusal = Refusal(404, "no route for \(request.dialled.prefix(64))")
        }
        refusal.details = explanation(of: request)
        throw refusal
    }

    /// Why no route takes a call, for the log.
    private func explanation(of request: RoutingRequest) -> Refusal.Details {
        let (sentence, route) = routing.refusal(of: request, isGuest: users.isGuest)
        return Refusal.Details(words: sentence, route: route)
    }

    /// Why a client's call leads nowhere, for the log; nothing for what no route is asked about.
    func explanation(of dest: String, _ type: StartCall.Kind?, by user: String) -> Refusal.Details {
        if type == .user, !users.isUser(dest) { return Refusal.Details(words: "there is no user \(dest.prefix(64))") }
        guard let request = request(for: dest, by: user) else { return Refusal.Details() }
        guard case .targets(let destinations, let route) = routing.decide(request, isGuest: users.isGuest) else { return explanation(of: request) }
        let routed = Routed(destinations: destinations, route: routing.place(of: route), isRecorded: routing.isRecorded(route))
        return Refusal.Details(route: routed.route, routedTo: routed.summary)
    }

    /// Where `source` may have somebody call by a URI: what it may dial itself.
    ///
    /// - Parameter isNumber: Whether it is a `tel:` URI.
    func destinations(user: String, host: String, uri: String, isNumber: Bool, for source: CallSource) throws(Refusal) -> [RouteDestination] {
        let host = isNumber ? settings.domain : host
        if case .user = source, !isNumber, settings.allowsDirectURIs, !ownAddresses.contain(host: host) {
            return [.sip(uri: uri)]
        }
        let written = isNumber ? String(uri.drop { $0 != ":" }.dropFirst()) : user
        let dialled = DialledNumber.plain(written, isName: users.isUser)
        switch routing.decide(RoutingRequest(source: source, dialled: dialled, domain: host), isGuest: users.isGuest) {
        case .targets(let destinations, _):
            for case .sip(let uri, _) in destinations where ownAddresses.contain(uri: uri) { throw Refusal(482, "it leads back here") }
            return destinations
        case .challenge, .forbidden: throw Refusal(403, "the target may not be called")
        case .none where source == .anonymous: throw Refusal(CallEnd.notReachable.sipResponse, "nobody is reached by the target")
        case .none: throw Refusal(404, "nobody is reached by the target")
        }
    }

    /// The same for the text of a URI.
    func destinations(uri: String, for source: CallSource) throws(Refusal) -> [RouteDestination] {
        if uri.lowercased().hasPrefix("tel:") { return try destinations(user: "", host: "", uri: uri, isNumber: true, for: source) }
        guard let parts = SIPURI(uri) else { throw Refusal(416, "no URI that can be called") }
        return try destinations(user: parts.user ?? "", host: parts.uriHost, uri: uri, isNumber: false, for: source)
    }

    // MARK: From browsers

    /// Where a client's call goes, in the order in which it is tried.
    func destinations(of dest: String, _ type: StartCall.Kind? = nil, by user: String) throws(APIError) -> [RouteDestination] {
        try route(of: dest, type, by: user).destinations
    }

    /// The same, with the route's place.
    func route(of dest: String, _ type: StartCall.Kind? = nil, by user: String) throws(APIError) -> Routed {
        if type == .user {
            if users.isUser(dest) { return Routed(destinations: [.user(dest)]) }
        } else if let request = request(for: dest, by: user) {
            if case .targets(let destinations, let route) = routing.decide(request, isGuest: users.isGuest) {
                for case .sip(let uri, _) in destinations { _ = try elsewhere(uri) }
                return Routed(destinations: destinations, route: routing.place(of: route), isRecorded: routing.isRecorded(route))
            }
        } else {
            guard settings.allowsDirectURIs else {
                throw APIError(.unknownDestination, "`dest`: URIs of other domains are not called here: dial a name or a number")
            }
            return Routed(destinations: [.sip(uri: try elsewhere(dest))])
        }
        throw APIError(.unknownDestination, "`dest`: nobody is reached by \"\(dest.prefix(64))\"")
    }

    /// What the routes are asked about a client's call; nil for a `sip:` URI, which is past them.
    private func request(for dest: String, by user: String) -> RoutingRequest? {
        let scheme = dest.contains(":") ? dest.prefix { $0 != ":" }.lowercased() : ""
        guard scheme != "sip", scheme != "sips" else { return nil }
        let dialled = DialledNumber.plain(scheme == "tel" ? String(dest.drop { $0 != ":" }.dropFirst()) : dest, isName: users.isUser)
        return RoutingRequest(source: .user(user), dialled: dialled, domain: settings.domain)
    }

    /// `uri`, if it can be called and does not lead back here.
    private func elsewhere(_ uri: String) throws(APIError) -> String {
        let uri = try DialledURI.checked(uri)
        guard !DialledURI.needsTLS(uri) || settings.hasTLS else {
            throw APIError(.notSupported, "`dest`: this gateway has no listener with TLS, which the URI asks for")
        }
        guard !ownAddresses.contain(uri: uri) else {
            throw APIError(.unknownDestination, "`dest`: \(uri.prefix(64)) is this gateway itself: dial the user alone")
        }
        return uri
    }
}

/// What a client may dial as a URI.
enum DialledURI {
    /// `uri` if it can stand in a Request-URI: no blanks, no control characters, a host (RFC 3261 section 19.1.1).
    static func checked(_ uri: String) throws(APIError) -> String {
        let isPlain = uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }
        guard isPlain, uri.utf8.count <= 512, !uri.hasSuffix(":"), !uri.hasSuffix("@") else {
            throw APIError(.invalidField, "`dest` must be a SIP URI, as sip:bob@example.com")
        }
        guard ["sip", "sips"].contains(uri.prefix { $0 != ":" }.lowercased()) else {
            throw APIError(.notSupported, "`dest`: only sip: and sips: URIs can be called")
        }
        return withLoopbackAddress(uri)
    }

    /// Whether the URI asks for TLS (RFC 3261 sections 19.1.1 and 26.2.2).
    static func needsTLS(_ uri: String) -> Bool { SIPURI(uri)?.needsTLS ?? false }

    /// `localhost` is this machine whatever name servers say (RFC 6761 section 6.3), and Sofia knows only those.
    private static func withLoopbackAddress(_ uri: String) -> String {
        guard let parsed = SIPURI(uri), parsed.host == "localhost" else { return uri }
        return parsed.replacingHost(with: "127.0.0.1")
    }
}

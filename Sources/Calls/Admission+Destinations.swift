internal import BrowserAPI
internal import Configuration
internal import ProxyCore
internal import Routing
internal import SIP
internal import SIPNames

/// Where a call goes: the routes' decision, and what may be dialled past them.
extension Admission {
    // MARK: From SIP

    func destinations(_ request: RoutingRequest, challenge: SIPResponse?) throws(Refusal) -> [RouteDestination] {
        switch routing.decide(request, isGuest: users.isGuest) {
        case .targets(let destinations, _):
            for case .sip(let uri, _) in destinations where ownAddresses.contain(uri: uri) { throw Refusal(482, "the route leads back here") }
            return destinations
        case .challenge:
            let reason = "the route is for callers with credentials"
            throw challenge.map { Refusal($0, reason) } ?? Refusal(403, reason)
        case .forbidden: throw Refusal(403, "the route is for other callers")
        case .none: throw Refusal(404, "no route for \(request.dialled.prefix(64))")
        }
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
        guard !isDraining else { throw APIError(.shuttingDown) }
        let scheme = dest.prefix { $0 != ":" }.lowercased()
        let isURI = dest.contains(":") && ["sip", "sips", "tel"].contains(scheme)
        switch type {
        case .user:
            guard users.isUser(dest) else { break }
            return [.user(dest)]
        case .sip where isURI && scheme != "tel", nil where isURI && scheme != "tel":
            guard settings.allowsDirectURIs else {
                throw APIError(.unknownDestination, "`dest`: URIs of other domains are not called here: dial a name or a number")
            }
            return [.sip(uri: try elsewhere(dest))]
        case .sip, nil:
            let dialled = DialledNumber.plain(isURI ? String(dest.drop { $0 != ":" }.dropFirst()) : dest, isName: users.isUser)
            let request = RoutingRequest(source: .user(user), dialled: dialled, domain: settings.domain)
            guard case .targets(let destinations, _) = routing.decide(request, isGuest: users.isGuest) else { break }
            for case .sip(let uri, _) in destinations { _ = try elsewhere(uri) }
            return destinations
        }
        throw APIError(.unknownDestination, "`dest`: nobody is reached by \"\(dest.prefix(64))\"")
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

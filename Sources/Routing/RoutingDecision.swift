public import Configuration
public import SDP

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

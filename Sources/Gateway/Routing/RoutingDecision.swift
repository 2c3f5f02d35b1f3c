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

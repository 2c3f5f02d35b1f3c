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

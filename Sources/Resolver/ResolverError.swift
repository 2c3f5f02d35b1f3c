/// Why a name did not become an address.
public enum ResolverError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Neither an IP address nor a host name (RFC 1123 section 2.1).
    case invalidName(String)
    /// There is no such name, or it has no address of a family that we have.
    case notFound(String)
    /// The domain says that it has no SIP service: the target of its SRV records is "." (RFC 2782).
    case noService(String)
    /// The destination wants a transport or an address family that we do not have.
    case noTransport
    /// No answer in time.
    case timedOut
    /// The name servers could not be reached, refused, or failed.
    case serverFailed
    /// The answer is no DNS message (RFC 1035 section 4.1).
    case malformedAnswer
    /// Too many lookups are under way.
    case overloaded
    /// The task that asked was cancelled.
    case cancelled
    /// The resolver was stopped.
    case stopped

    public var description: String {
        switch self {
        case .invalidName(let name): "\"\(name.prefix(64))\" is neither a host name nor an address"
        case .notFound(let name): "\(name) has no address"
        case .noService(let name): "\(name) offers no SIP service"
        case .noTransport: "no transport to the destination"
        case .timedOut: "no name server answered in time"
        case .serverFailed: "the name servers failed or cannot be reached"
        case .malformedAnswer: "a name server's answer is malformed"
        case .overloaded: "too many names are being looked up"
        case .cancelled: "the lookup was cancelled"
        case .stopped: "the resolver was stopped"
        }
    }

    /// Whether asking later may help, so that an answer of before is better than this.
    var isTemporary: Bool {
        switch self {
        case .timedOut, .serverFailed, .malformedAnswer, .overloaded: true
        case .invalidName, .notFound, .noService, .noTransport, .cancelled, .stopped: false
        }
    }
}

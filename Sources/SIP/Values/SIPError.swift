public import SIPNames

/// Why the endpoint did not start.
public enum SIPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nothing to listen on was configured.
    case nothingToListenOn
    /// The address is not a numeric IP address, or the port is not one.
    case badAddress(ListenAddress)
    /// The operating system refused the socket: in use, not of this host, not permitted.
    case cannotListen(ListenAddress, reason: String)
    /// Sofia could not be set up, for lack of memory or descriptors.
    case stackFailed
    /// A listener with TLS has no certificate, or OpenSSL does not take it; the text says which and why.
    case tls(String)
    case alreadyStarted

    public var description: String {
        switch self {
        case .nothingToListenOn: "no address to listen on"
        case .badAddress(let address): "\(address) is not a numeric address and a port"
        case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
        case .stackFailed: "the SIP stack could not be set up"
        case .tls(let text): text
        case .alreadyStarted: "the endpoint runs already"
        }
    }
}

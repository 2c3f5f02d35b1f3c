/// Why the gateway could not start.
public enum GatewayError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A SIP address cannot be listened on.
    case sip(String)
    /// The HTTP address cannot be listened on.
    case http(String)
    /// The directory for recordings cannot be made or written to.
    case recordings(String)
    /// The database of registrations cannot be opened.
    case registrar(String)
    /// The files of the web page are not where the program expects them.
    case webPage(String)

    public var description: String {
        switch self {
        case .sip(let text): "SIP: \(text)"
        case .http(let text): "HTTP: \(text)"
        case .recordings(let text): "recordings: \(text)"
        case .registrar(let text): "registrar: \(text)"
        case .webPage(let text): "web page: \(text)"
        }
    }
}

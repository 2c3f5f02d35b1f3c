/// Why a server could not start or a client could not begin to connect.
public enum WebSocketError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `start()` on a server that runs, or `connect()` on a client that was used before.
    case alreadyStarted
    /// The address to listen on is neither an IPv4 nor an IPv6 literal, or the port is out of range.
    case invalidAddress(String)
    /// The socket could not be made to listen; `reason` is the system's text, as for a port that is in use.
    case cannotListen(address: String, port: Int, reason: String)
    /// The certificate cannot be used; the text says which and why.
    case certificate(String)
    /// The client's URL is not of the form `ws://host[:port][/path]`.
    case invalidURL(String)
    /// libwebsockets refused; its log has the details.
    case library(String)

    public var description: String {
        switch self {
        case .alreadyStarted: "it was started before"
        case .invalidAddress(let text): "\(text) is not an address and port to listen on"
        case .cannotListen(let address, let port, let reason):
            "cannot listen on \(address.contains(":") ? "[\(address)]" : address):\(port): \(reason)"
        case .certificate(let text): text
        case .invalidURL(let url): "\(url) is not a WebSocket URL (ws://host:port/path)"
        case .library(let text): "libwebsockets: \(text)"
        }
    }
}

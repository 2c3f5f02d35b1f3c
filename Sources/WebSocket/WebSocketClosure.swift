/// Why a ``WebSocketClient`` is closed, or never was open.
public enum WebSocketClosure: Sendable, Equatable, CustomStringConvertible {
    /// ``WebSocketClient/close(code:reason:)`` was called.
    case byUs
    /// The server closed, with the code and reason of its close frame; without a code it just went away.
    case byPeer(code: Int?, reason: String)
    /// There was never a connection, or it took too long: refused, unreachable, not a WebSocket, another subprotocol.
    case notConnected(String)
    /// The connection broke: the server was silent, did not read, or violated the protocol.
    case failed(String)

    public var description: String {
        switch self {
        case .byUs: "closed"
        case .byPeer(nil, _): "the server went away"
        case .byPeer(let code?, let reason): "the server closed with \(code)\(reason.isEmpty ? "" : " (\(reason))")"
        case .notConnected(let reason): "not connected: \(reason)"
        case .failed(let reason): reason
        }
    }
}

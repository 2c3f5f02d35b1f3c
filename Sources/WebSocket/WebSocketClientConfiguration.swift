internal import SIPNames

/// What a ``WebSocketClient`` puts up with.
public struct WebSocketClientConfiguration: Sendable {
    /// Time from the first SYN to the server's 101, all addresses of the host together.
    public var handshakeTimeout: Duration
    /// Bytes in one incoming message, its fragments together; one more and the connection is closed with 1009.
    public var maximumMessageSize: Int
    /// Bytes that wait for a server that does not read; one message more and the connection is cut.
    public var maximumQueuedBytes: Int
    /// Silence after which the server is pinged.
    public var pingInterval: Duration
    /// Silence after which the server counts as gone.
    public var silenceLimit: Duration
    /// Time for the server to answer a closing handshake before the connection is cut.
    public var closeTimeout: Duration

    public init(
        handshakeTimeout: Duration = .seconds(5),
        maximumMessageSize: Int = 1024 * 1024,
        maximumQueuedBytes: Int = 8 * 1024 * 1024,
        pingInterval: Duration = .seconds(10),
        silenceLimit: Duration = .seconds(30),
        closeTimeout: Duration = .seconds(2)
    ) {
        self.handshakeTimeout = handshakeTimeout
        self.maximumMessageSize = maximumMessageSize
        self.maximumQueuedBytes = maximumQueuedBytes
        self.pingInterval = pingInterval
        self.silenceLimit = silenceLimit
        self.closeTimeout = closeTimeout
    }
}

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

/// The parts of a `ws://` URL (RFC 6455, section 3).
struct WebSocketURL: Equatable {
    /// A name or an address, without brackets.
    let host: String
    let port: Int
    /// With the query, if there is one.
    let path: String

    /// `host:port` as it goes into the Host header.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    init(_ text: String) throws(WebSocketError) {
        guard let url = WebSocketURL(parsing: text) else { throw .invalidURL(text) }
        self = url
    }

    private init?(parsing text: String) {
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            text.lowercased().hasPrefix("ws://")
        else { return nil }
        var rest = text.dropFirst(5)
        guard !rest.contains("#"), !rest.contains("\"") else { return nil }
        let path = rest.firstIndex { $0 == "/" || $0 == "?" }.map { rest[$0...] } ?? ""
        rest = rest.prefix(rest.count - path.count)
        guard !rest.contains("@") else { return nil }
        let host: Substring
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            guard IPAddress(String(host))?.isIPv6 == true else { return nil }
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(host.count)
            guard !host.isEmpty else { return nil }
        }
        if rest.isEmpty {
            port = 80
        } else {
            guard rest.first == ":", rest.dropFirst().allSatisfy({ ("0"..."9").contains($0) }),
                let number = Int(rest.dropFirst()), (1...65_535).contains(number)
            else { return nil }
            port = number
        }
        self.host = String(host)
        self.path = path.hasPrefix("/") ? String(path) : "/" + path
    }
}

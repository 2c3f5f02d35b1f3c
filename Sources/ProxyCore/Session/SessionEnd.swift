/// How a session ended.
public struct SessionEnd: Sendable, Equatable {
    /// A code for clients: 200 when it was wanted, otherwise that of a SIP status (RFC 3261 section 21).
    public let code: Int
    public let reason: String

    public init(code: Int, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// Stopped by whoever owns it.
    public static let stopped = SessionEnd(code: 200, reason: "stopped")
    /// Another session of the call carries it.
    public static let answeredElsewhere = SessionEnd(code: 200, reason: "another party answered")
    /// The gateway itself is about to stop.
    public static let stopping = SessionEnd(code: 503, reason: "The gateway is stopping")
    /// Janus died, or the connection to it broke.
    public static let mediaServerLost = SessionEnd(code: 503, reason: "the media server was lost")
    /// The browser closed its side of the media connection.
    public static let mediaClosed = SessionEnd(code: 200, reason: "the media connection was closed")
    /// A phone's RTP port is closed, as ICMP says, and nothing comes from it.
    public static let phoneUnreachable = SessionEnd(code: 408, reason: "The phone's RTP port is closed")
    /// ICE or DTLS found no way, or lost it.
    ///
    /// - Parameter reason: Janus' word for it. "Gathering error" (ice.c) is that of a machine with loopback alone.
    public static func mediaFailed(_ reason: String) -> SessionEnd {
        let words = reason == "Gathering error"
            ? "Janus has no address for ICE, which ignores loopback: give its machine a network interface with an address" : reason
        return SessionEnd(code: 408, reason: "the media connection failed: \(words)")
    }
}

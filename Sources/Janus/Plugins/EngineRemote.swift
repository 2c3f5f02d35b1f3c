internal import JSON

/// Where a phone takes RTP and RTCP of one medium, as its SDP says.
public struct EngineRemote: Sendable, Equatable {
    /// IPv4 or IPv6 address.
    public var address: String
    /// UDP port of RTP; 0 while it is not known.
    public var port: Int
    /// UDP port of RTCP (RFC 3605); 0 when the phone takes none.
    public var rtcpPort: Int
    /// Whether RTCP shares the port of RTP (RFC 5761).
    public var rtcpMux: Bool
    /// Whether SIP shows that the phone is behind NAT, so that its media may come from elsewhere at once.
    public var hidden: Bool

    public init(address: String, port: Int, rtcpPort: Int, rtcpMux: Bool = false, hidden: Bool = false) {
        self.address = address
        self.port = port
        self.rtcpPort = rtcpPort
        self.rtcpMux = rtcpMux
        self.hidden = hidden
    }

    var json: JSONValue {
        [
            "address": .string(address), "port": .integer(port), "rtcp_port": .integer(rtcpPort), "rtcp_mux": .bool(rtcpMux),
            "hidden": .bool(hidden),
        ]
    }
}

internal import JSON

/// What a browser says of its end of a line test, of its own `getStats()`: nobody has verified it.
public struct BrowserFigures: Sendable, Equatable {
    /// The audio codec, as `rtpmap` names it.
    public var codec: String?
    public var packetsSent: Int?
    public var packetsReceived: Int?
    public var packetsLost: Int?
    /// Milliseconds.
    public var jitter: Int?
    public var roundTrip: Int?
    /// What the jitter buffer adds to the delay. Milliseconds.
    public var bufferDelay: Int?
    /// Samples that were made up for lost or late packets, and all that were played.
    public var concealedSamples: Int?
    public var samples: Int?
    /// From the start until ICE had found a way, and until DTLS was done. Milliseconds.
    public var iceConnected: Int?
    public var dtlsConnected: Int?

    public init() {}

    /// 0 to 1.
    public var concealedShare: Double? {
        guard let concealedSamples, let samples, samples > 0 else { return nil }
        return min(max(Double(concealedSamples) / Double(samples), 0), 1)
    }

    var json: JSONValue {
        func of(_ value: Int?) -> JSONValue { value.map(JSONValue.integer) ?? .null }
        return [
            "codec": codec.map(JSONValue.string) ?? .null, "packets_sent": of(packetsSent), "packets_received": of(packetsReceived),
            "packets_lost": of(packetsLost), "jitter": of(jitter), "round_trip": of(roundTrip), "buffer_delay": of(bufferDelay),
            "concealed": concealedShare.map { .real(($0 * 10_000).rounded() / 10_000) } ?? .null, "ice_connected": of(iceConnected),
            "dtls_connected": of(dtlsConnected),
        ]
    }
}

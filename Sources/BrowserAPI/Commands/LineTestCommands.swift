/// Which line test a command is about.
public enum LineTestName: Sendable, Equatable {
    /// A call to the echo.
    case call(String)
    /// An echo without a call.
    case session(String)

    /// Reads `call_id` or `session_id`.
    init(_ fields: Fields) throws(APIError) {
        if let session = try fields.optionalSessionID() { self = .session(session) } else { self = .call(try fields.callID()) }
    }
}

/// `get_line_test`: what an echo has measured, while it lasts or later.
public struct GetLineTest: Sendable, Equatable {
    public var test: LineTestName

    public init(_ test: LineTestName) { self.test = test }

    init(_ fields: Fields) throws(APIError) { self.init(try LineTestName(fields)) }
}

/// `report_line_test`: what a browser's `getStats()` says of its end of an echo.
public struct ReportLineTest: Sendable, Equatable {
    public var test: LineTestName
    public var codec: String?
    public var packetsSent: Int?
    public var packetsReceived: Int?
    public var packetsLost: Int?
    /// Milliseconds, as all times.
    public var jitter: Int?
    public var roundTrip: Int?
    public var bufferDelay: Int?
    public var concealedSamples: Int?
    public var samples: Int?
    public var iceConnected: Int?
    public var dtlsConnected: Int?

    public init(_ test: LineTestName) { self.test = test }

    /// - Throws: `invalidField` for a number that is out of bounds.
    init(_ fields: Fields) throws(APIError) {
        self.init(try LineTestName(fields))
        let stats = try fields.object("stats"), count = 0...(1 << 40), time = 0...3_600_000
        codec = try stats.optionalText("codec", bytes: 1...32)
        packetsSent = try stats.optionalInteger("packets_sent", in: count)
        packetsReceived = try stats.optionalInteger("packets_received", in: count)
        // Duplicates make it less than none (RFC 3550 section 6.4.1).
        packetsLost = try stats.optionalInteger("packets_lost", in: -(1 << 40)...(1 << 40))
        jitter = try stats.optionalInteger("jitter", in: time)
        roundTrip = try stats.optionalInteger("round_trip", in: time)
        bufferDelay = try stats.optionalInteger("buffer_delay", in: time)
        concealedSamples = try stats.optionalInteger("concealed_samples", in: count)
        samples = try stats.optionalInteger("samples", in: count)
        iceConnected = try stats.optionalInteger("ice_connected", in: time)
        dtlsConnected = try stats.optionalInteger("dtls_connected", in: time)
    }
}

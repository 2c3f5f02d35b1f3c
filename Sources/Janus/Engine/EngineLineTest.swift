public import JSON
public import RTP
public import SIPNames

/// What the engine has measured of a leg's audio for a line test.
public struct EngineLineTest: Sendable, Equatable {
    /// From its beginning until it was asked for.
    public var duration: Duration
    /// From its beginning until the first RTP packet; nil before.
    public var firstPacket: Duration?
    /// Where SDP wants RTP, where the leg takes it, and where RTCP comes from.
    public var signalled: SocketAddress?
    public var local: SocketAddress?
    public var rtcpSource: SocketAddress?
    /// Whether the port of the leg's party is closed, as ICMP says.
    public var isUnreachable = false
    /// The DSCP of most packets (RFC 2474), 0 to 63; nil where the system does not tell.
    public var marking: Int?
    public var stream = StreamFigures()
    public var audio: AudioFigures?
    /// VoIP metrics of the party's extended reports (RFC 3611 section 4.7), as the engine writes them.
    public var metrics: JSONValue?
    /// The last digits, the number of all, and of those that came by two methods at once.
    public var digits: [DigitLog.Entry] = []
    public var digitCount = 0
    public var doubledDigits = 0

    public init(duration: Duration) { self.duration = duration }

    /// Nil where it is none.
    init?(_ json: JSONValue?) {
        guard let json, let duration = json["duration"]?.intValue else { return nil }
        self.init(duration: .milliseconds(duration))
        firstPacket = json["first_packet"]?.intValue.map { .milliseconds($0) }
        signalled = SocketAddress(json["signalled"])
        local = SocketAddress(json["local"])
        marking = json["dscp"]?.intValue
        rtcpSource = SocketAddress(json["rtcp_from"])
        isUnreachable = json["unreachable"]?.boolValue ?? false
        stream = StreamFigures(json["stream"])
        audio = AudioFigures(json["audio"])
        metrics = json["voip_metrics"]
        digits = json["last_digits"]?.arrayValue?.compactMap { DigitLog.Entry($0) } ?? []
        digitCount = json["digits"]?.intValue ?? 0
        doubledDigits = json["doubled_digits"]?.intValue ?? 0
    }
}

extension StreamFigures {
    fileprivate init(_ json: JSONValue?) {
        self.init()
        func count(_ name: String) -> UInt64 { UInt64(exactly: json?[name]?.intValue ?? 0) ?? 0 }
        packets = count("packets")
        expected = count("expected")
        lost = count("lost")
        late = count("late")
        duplicates = count("duplicates")
        reordered = count("reordered")
        bursts = count("bursts")
        burstPackets = count("burst_packets")
        burstLosses = count("burst_losses")
        burstLate = count("burst_late")
        longestBurst = count("longest_burst")
        sourceChanges = count("source_changes")
        sequenceJumps = count("sequence_jumps")
        timestampJumps = count("timestamp_jumps")
        comfortNoise = count("comfort_noise")
        silences = count("silences")
        burstRatio = json?["burst_ratio"]?.doubleValue
        jitterMean = json?["jitter_mean"]?.doubleValue
        jitter95 = json?["jitter_95"]?.doubleValue
        jitterMaximum = json?["jitter_maximum"]?.doubleValue
        largestGap = json?["largest_gap"]?.doubleValue
        clockSkew = json?["clock_skew"]?.doubleValue
        clockSkewError = json?["clock_skew_error"]?.doubleValue
        packetTime = json?["packet_time"]?.intValue
        payloadTypes = (json?["payload_types"]?.arrayValue ?? []).compactMap { entry in
            guard let type = entry["type"]?.intValue.flatMap({ UInt8(exactly: $0) }), let packets = entry["packets"]?.intValue else { return nil }
            return PayloadType(type: type, packets: UInt64(exactly: packets) ?? 0, isAgreed: entry["agreed"]?.boolValue ?? false)
        }
    }
}

extension AudioFigures {
    fileprivate init?(_ json: JSONValue?) {
        guard let json, let level = json["level"]?.doubleValue, let seconds = json["seconds"]?.doubleValue else { return nil }
        self.init(
            level: level, activeLevel: json["active_level"]?.doubleValue, loudestSecond: json["loudest_second"]?.doubleValue ?? level,
            peak: json["peak"]?.doubleValue ?? level, clipping: json["clipping"]?.doubleValue ?? 0, silence: json["silence"]?.doubleValue ?? 0,
            offset: json["offset"]?.doubleValue ?? 0, seconds: seconds)
    }
}

extension DigitLog.Entry {
    fileprivate init?(_ json: JSONValue) {
        guard let text = json["digit"]?.stringValue, let digit = text.first, text.count == 1,
            let method = json["method"]?.stringValue.flatMap(DigitLog.Method.init)
        else { return nil }
        self.init(
            digit: digit, method: method, time: json["time"]?.intValue ?? 0, duration: json["duration"]?.intValue ?? 0,
            level: json["level"]?.doubleValue)
    }
}

/// What a leg under a line test sends instead of the echo.
public enum EngineSignal: Sendable, Equatable {
    case echo
    case silence
    /// Hz, and dBm0.
    case tone(frequency: Int, level: Int)
    /// A tone that goes from one frequency to the other within that time, again and again.
    case sweep(from: Int, to: Int, level: Int, time: Duration)
    /// Tones one after the other, once; then the echo goes on. Hz, 0 for a pause. 32 at most, of 2 s at most.
    case melody([Note])
    /// The echo, so much later; up to 10 s.
    case delay(Duration)
    /// What comes within that time is played once; then the echo goes on.
    case playback(Duration)

    public struct Note: Sendable, Equatable {
        public var frequency: Int
        public var duration: Duration

        public init(_ frequency: Int, _ duration: Duration) {
            self.frequency = frequency
            self.duration = duration
        }
    }

    var members: [String: JSONValue] {
        func milliseconds(_ time: Duration) -> JSONValue { .integer(Int(time / .milliseconds(1))) }
        return switch self {
        case .echo: ["signal": "echo"]
        case .silence: ["signal": "silence"]
        case .tone(let frequency, let level): ["signal": "tone", "frequency": .integer(frequency), "level": .integer(level)]
        case .sweep(let from, let to, let level, let time):
            ["signal": "sweep", "from": .integer(from), "to": .integer(to), "level": .integer(level), "time": milliseconds(time)]
        case .melody(let notes):
            [
                "signal": "melody",
                "notes": .array(notes.map { ["frequency": .integer($0.frequency), "time": milliseconds($0.duration)] }),
            ]
        case .delay(let time): ["signal": "delay", "time": milliseconds(time)]
        case .playback(let time): ["signal": "playback", "time": milliseconds(time)]
        }
    }
}

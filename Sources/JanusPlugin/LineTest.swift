internal import CJanusPlugin
internal import RTP

/// What a line test has measured of a leg's audio, and what it sends instead of the echo. Under the leg's receiving lock.
struct LineTest {
    /// Samples that are decoded in a second at most: twice those of a call.
    private static let decodingRate: Int64 = 16_000

    private let begin: Int64
    private var meter = StreamMeter()
    private var audio = AudioMeter()
    private var tones = ToneDigitDetector()
    private(set) var digits = DigitLog()
    private var decoded: Int64 = 0
    /// Of the codec that came last.
    private var decoder: LineDecoder?
    private var codec = Codec.other
    private let samples = UnsafeMutablePointer<Int16>.allocate(capacity: LineDecoder.longest)
    private var firstPacket: Int64?
    /// Packets by their DSCP.
    private var markings = InlineArray<64, UInt32>(repeating: 0)
    private var rtcpSource: MediaAddress?
    private var extended: VoIPMetrics?
    var signal = LineSignal()

    init(now: Int64) { begin = now }

    /// Gives back what it needs memory for.
    mutating func end() {
        signal.end()
        decoder?.end()
        samples.deallocate()
    }

    /// Measures a packet of the party.
    ///
    /// - Returns: The digit whose tones have ended in it.
    mutating func take(_ packet: UnsafeRawPointer, _ header: RTPHeader, _ payload: Payload, isAgreed: Bool, _ arrival: Arrival) -> ToneDigitDetector.Digit? {
        let now = arrival.time
        if arrival.trafficClass >= 0 { markings[Int(arrival.trafficClass >> 2 & 63)] &+= 1 }
        if firstPacket == nil { firstPacket = now }
        let isEvent = payload.codec == .telephoneEvent
        let isNew = meter.take(StreamMeter.Packet(
            header: header, clockRate: payload.clockRate > 0 ? payload.clockRate : 8_000, isAgreed: isAgreed, isEvent: isEvent, now: now))
        guard isNew, !isEvent, decoded <= (now &- begin) &* LineTest.decodingRate / 1_000_000 &+ LineTest.decodingRate else { return nil }
        if payload.codec != codec {
            decoder?.end()
            decoder = LineDecoder(payload.codec)
            codec = payload.codec
        }
        guard var decoder else { return nil }
        var found: ToneDigitDetector.Digit?
        decoder.decode(packet + header.payloadOffset, length: header.payloadEnd &- header.payloadOffset, samples) { sample, isExtreme in
            decoded = decoded &+ 1
            audio.add(sample, isExtreme: isExtreme)
            if let digit = tones.take(sample) { found = digit }
        }
        self.decoder = decoder
        if let found { note(found.character, .inBand, duration: found.duration, level: found.level, now: now) }
        return found
    }

    mutating func note(_ digit: Character, _ method: DigitLog.Method, duration: Int, level: Double? = nil, now: Int64) {
        digits.add(DigitLog.Entry(
            digit: digit, method: method, time: Int(truncatingIfNeeded: (now &- begin) / 1_000), duration: duration, level: level))
    }

    /// RTCP came.
    mutating func takeRTCP(from source: MediaAddress?, _ metrics: VoIPMetrics?) {
        if let source { rtcpSource = source }
        if let metrics { extended = metrics }
    }

    /// The DSCP of most packets; nil where the system tells of none.
    private var usualMarking: Int? {
        var found: Int?
        var most: UInt32 = 0
        for index in 0..<64 where markings[index] > most {
            most = markings[index]
            found = index
        }
        return found
    }

    /// As the request `statistics` tells it.
    func reply(signalled: MediaAddress?, local: MediaAddress?, isUnreachable: Bool, now: Int64) -> Reply {
        let reply = Reply()
        reply.set("duration", max(now &- begin, 0) / 1_000)
        if let firstPacket { reply.set("first_packet", (firstPacket &- begin) / 1_000) }
        if let signalled { reply.set("signalled", Reply(signalled)) }
        if let local { reply.set("local", Reply(local)) }
        if let marking = usualMarking { reply.set("dscp", UInt64(marking)) }
        if let rtcpSource { reply.set("rtcp_from", Reply(rtcpSource)) }
        if isUnreachable { reply.set("unreachable", true) }
        reply.set("stream", Reply(meter.figures))
        if let figures = audio.figures { reply.set("audio", Reply(figures)) }
        if let extended { reply.set("voip_metrics", Reply(extended)) }
        reply.set("digits", UInt64(digits.count))
        reply.set("doubled_digits", UInt64(digits.doubled))
        reply.set("last_digits", digits.entries.map { Reply($0) })
        return reply
    }
}

extension Reply {
    fileprivate init(_ address: MediaAddress) {
        self.init()
        set("address", address.text)
        set("port", UInt64(address.port))
    }

    fileprivate init(_ figures: StreamFigures) {
        self.init()
        for (name, value) in [
            ("packets", figures.packets), ("expected", figures.expected), ("lost", figures.lost), ("late", figures.late),
            ("duplicates", figures.duplicates), ("reordered", figures.reordered), ("bursts", figures.bursts),
            ("burst_packets", figures.burstPackets), ("burst_losses", figures.burstLosses), ("burst_late", figures.burstLate), ("longest_burst", figures.longestBurst),
            ("source_changes", figures.sourceChanges), ("sequence_jumps", figures.sequenceJumps),
            ("timestamp_jumps", figures.timestampJumps), ("comfort_noise", figures.comfortNoise), ("silences", figures.silences),
        ] { set(name, value) }
        set("burst_ratio", figures.burstRatio)
        set("jitter_mean", figures.jitterMean)
        set("jitter_95", figures.jitter95)
        set("jitter_maximum", figures.jitterMaximum)
        set("largest_gap", figures.largestGap)
        set("clock_skew", figures.clockSkew)
        set("clock_skew_error", figures.clockSkewError)
        if let time = figures.packetTime { set("packet_time", Int64(time)) }
        set("payload_types", figures.payloadTypes.map { type in
            let reply = Reply()
            reply.set("type", UInt64(type.type))
            reply.set("packets", type.packets)
            reply.set("agreed", type.isAgreed)
            return reply
        })
    }

    fileprivate init(_ figures: AudioFigures) {
        self.init()
        set("level", figures.level)
        set("active_level", figures.activeLevel)
        set("loudest_second", figures.loudestSecond)
        set("peak", figures.peak)
        set("clipping", figures.clipping)
        set("silence", figures.silence)
        set("offset", figures.offset)
        set("seconds", figures.seconds)
    }

    fileprivate init(_ entry: DigitLog.Entry) {
        self.init()
        set("digit", String(entry.digit))
        set("method", entry.method.rawValue)
        set("time", Int64(entry.time))
        set("duration", Int64(entry.duration))
        set("level", entry.level)
    }

    fileprivate init(_ metrics: VoIPMetrics) {
        self.init()
        set("loss", metrics.loss)
        set("discarded", metrics.discarded)
        set("burst_density", metrics.burstDensity)
        set("gap_density", metrics.gapDensity)
        set("burst_duration", Int64(metrics.burstDuration))
        set("gap_duration", Int64(metrics.gapDuration))
        set("round_trip", Int64(metrics.roundTrip))
        set("end_system_delay", Int64(metrics.endSystemDelay))
        if let value = metrics.signalLevel { set("signal_level", Int64(value)) }
        if let value = metrics.noiseLevel { set("noise_level", Int64(value)) }
        if let value = metrics.rating { set("rating", Int64(value)) }
        set("listening_score", metrics.listeningScore)
        set("conversational_score", metrics.conversationalScore)
    }
}

internal import CJanusPlugin
internal import Glibc
internal import RTP

/// How much a browser may send: what the gateway allows, and what arrives at the peer. Under the leg's sending lock.
struct BitrateLimit {
    /// What lifts a limit, in bit/s.
    static let none: UInt32 = 100_000_000
    /// A browser forgets a limit that is not repeated. Microseconds.
    static let interval: Int64 = 1_500_000
    /// Between two estimates of the peer's that are handed on. Microseconds.
    static let shortInterval: Int64 = 200_000
    /// The peer's estimate is over when it is not repeated for so long. Microseconds.
    static let lifetime: Int64 = 10_000_000

    /// What the gateway allows, in bit/s; 0 for no limit.
    private var allowed: UInt32 = 0
    /// What arrives at the peer; 0 where nothing is known.
    private var estimate: UInt32 = 0
    private var estimated: Int64 = 0
    private var last: Int64 = 0
    /// Whether a limit is sent before the interval is over: it has changed, or ended.
    private var isDue = false

    /// Sets the gateway's limit.
    mutating func allow(_ rate: UInt32) {
        let rate = min(rate, BitrateLimit.none)
        if rate != allowed { isDue = true }
        allowed = rate
    }

    /// Sets the peer's estimate.
    mutating func estimate(_ rate: UInt64, now: Int64) {
        estimate = UInt32(truncatingIfNeeded: min(max(rate, 1), UInt64(BitrateLimit.none)))
        estimated = now
        if now &- last >= BitrateLimit.shortInterval { isDue = true }
    }

    /// The PeerConnection is up: it knows of no limit.
    mutating func begin() {
        isDue = allowed != 0
        estimate = 0
    }

    /// The limit to send now; nil for none.
    mutating func next(now: Int64) -> UInt32? {
        if estimate != 0, now &- estimated >= BitrateLimit.lifetime {
            estimate = 0
            isDue = true
        }
        guard isDue || allowed != 0 && now &- last >= BitrateLimit.interval else { return nil }
        isDue = false
        last = now
        let rates = (allowed == 0 ? BitrateLimit.none : allowed, estimate == 0 ? BitrateLimit.none : estimate)
        return min(rates.0, rates.1)
    }
}

extension LegPointer {
    /// The peer's estimate of what arrives there. No lock may be held.
    func limit(to estimate: UInt64, generation: UInt64, now: Int64) {
        pointee.sending.locked {
            if pointee.generation == generation { pointee.limit.estimate(estimate, now: now) }
        }
        sendLimit(generation: generation, now: now)
    }

    /// Tells the browser how much it may send, if that is due. No lock may be held.
    func sendLimit(generation: UInt64, now: Int64) {
        pointee.sending.lock()
        guard pointee.generation == generation, pointee.isUp, sender(.video).pointee.isOpen, let session = pointee.session,
            let rate = pointee.limit.next(now: now)
        else { return pointee.sending.unlock() }
        tern_session_retain(session)
        pointee.sending.unlock()
        tern_send_remb(session, rate)
        tern_session_release(session)
    }
}

/// The contents of an RTCP compound of a leg's party that matter here.
struct ControlNews {
    /// Whether a report is of the SSRC whose RTP is taken; nil where there is no report, or a BYE with it.
    var isHeard: Bool?
    /// Whether the party needs a keyframe.
    var wantsKeyframe = false
    /// What arrives at the party at most, in bit/s.
    var estimate: UInt64?
    /// What the party has received of what we send.
    var block: ReportBlock?
    /// What the party says of the call (RFC 3611).
    var metrics: VoIPMetrics?

    /// Reads a compound. What is malformed ends it.
    ///
    /// - Parameters:
    ///   - source: The source that blocks are about; nil takes the first block of each report.
    ///   - heard: The source whose packets are taken.
    ///   - sender: Gets what a sender report says.
    init(_ packet: UnsafeRawPointer, length: Int, about source: UInt32?, heard: UInt32? = nil, sender: inout SenderReport, now: Int64) {
        var reader = RTCPReader(packet, length: length), saysGoodbye = false
        defer { if saysGoodbye { isHeard = nil } }
        while let part = reader.next() {
            if part.type == .goodbye {
                saysGoodbye = true
            } else if let report = RTCPReport(part, in: packet) {
                // An echo sends our own reports back.
                if report.ssrc != source { isHeard = isHeard == true || report.ssrc == heard }
                if let info = report.sender { sender = SenderReport(middle: info.middle, arrival: now) }
                let found = source.map { report.block(about: $0, in: packet) } ?? report.firstBlock(in: packet)
                if let found { block = found }
            } else if let found = VoIPMetrics(part, in: packet) {
                if source.map({ $0 == found.ssrc }) ?? true { metrics = found }
            } else {
                switch RTCPFeedback(part, in: packet) {
                case .keyframe: wantsKeyframe = true
                case .estimate(let rate): estimate = rate
                case nil: break
                }
            }
        }
    }
}

/// The last sender report that came, for the blocks that name it (RFC 3550 section 6.4.1).
struct SenderReport {
    /// The middle of its NTP time; 0 for none.
    var middle: UInt32 = 0
    var arrival: Int64 = 0

    /// Since it came, in units of 1/65,536 s.
    func delay(now: Int64) -> UInt32 {
        middle == 0 ? 0 : UInt32(truncatingIfNeeded: max(now &- arrival, 0) &* 65_536 / 1_000_000)
    }
}

extension LegPointer {
    /// Passes feedback on to the peer. No lock may be held.
    func hand(_ news: ControlNews, of medium: Medium, from own: LegReference, to peer: LegReference, now: Int64) {
        guard medium == .video, news.wantsKeyframe || news.estimate != nil, let leg = peer.leg,
            leg.pointee.sending.locked({ leg.pointee.peer == own })
        else { return }
        if news.wantsKeyframe { leg.requestKeyframe(generation: peer.generation, now: now) }
        if let estimate = news.estimate { leg.limit(to: estimate, generation: peer.generation, now: now) }
    }

    /// Remembers what the party has received. Under the sending lock.
    func remember(_ block: ReportBlock, _ medium: Medium) {
        let sender = sender(medium)
        sender.pointee.report = block
        if let roundTrip = block.roundTrip(now: UInt32(truncatingIfNeeded: Clock.ntp() >> 16)) { sender.pointee.roundTrip = roundTrip }
    }
}

internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The contents of an RTCP compound of a leg's party that matter here.
struct ControlNews {
    /// Whether the party needs a keyframe.
    var wantsKeyframe = false
    /// What arrives at the party at most, in bit/s.
    var estimate: UInt64?
    /// What the party has received of what we send.
    var block: ReportBlock?

    /// Reads a compound. What is malformed ends it.
    ///
    /// - Parameters:
    ///   - source: The source that blocks are about; nil takes the first block of each report.
    ///   - sender: Gets what a sender report says.
    init(_ packet: UnsafeRawPointer, length: Int, about source: UInt32?, sender: inout SenderReport, now: Int64) {
        var reader = RTCPReader(packet, length: length)
        while let part = reader.next() {
            if let report = RTCPReport(part, in: packet) {
                if let info = report.sender { sender = SenderReport(middle: info.middle, arrival: now) }
                let found = source.map { report.block(about: $0, in: packet) } ?? report.firstBlock(in: packet)
                if let found { block = found }
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

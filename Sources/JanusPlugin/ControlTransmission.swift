internal import CJanusPlugin
internal import Glibc
internal import RTP

/// What a phone's RTCP can be asked for: its `a=rtcp-fb` (RFC 4585, RFC 5104).
struct Feedback {
    /// Lost packets. Such a phone asks for lost packets itself.
    var nack = false
    var pli = false
    var fir = false

    init() {}

    init(_ names: [String]) {
        nack = names.contains("nack")
        pli = names.contains("pli")
        fir = names.contains("fir")
    }

    var asksForKeyframes: Bool { pli || fir }
}

/// When the next report is due. Under the leg's sending lock.
struct ReportSchedule {
    /// Microseconds (RFC 3550 section 6.2: five seconds, varied by a half so that reports do not meet).
    static let first: Int64 = 1_000_000
    static let shortest: Int64 = 2_500_000
    static let longest: Int64 = 7_500_000

    private var due: Int64 = 0

    /// Media begin.
    mutating func begin(now: Int64) { due = now &+ ReportSchedule.first }

    /// One is due soon.
    mutating func hasten(now: Int64) { due = min(due, now &+ ReportSchedule.first) }

    mutating func lapse(now: Int64) -> Bool {
        guard due > 0, now >= due else { return false }
        due = now &+ .random(in: ReportSchedule.shortest...ReportSchedule.longest)
        return true
    }
}

extension LegPointer {
    /// Sends a report about what came, and of what was sent, if it is time. Under the receiving lock.
    func sendReport(_ medium: Medium, now: Int64) {
        let receiver = receiver(medium)
        guard pointee.kind == .plain, receiver.pointee.isOpen else { return }
        pointee.sending.locked {
            guard sender(medium).pointee.reports.lapse(now: now) else { return }
            let report = receiver.pointee.senderReport
            let block = receiver.pointee.statistics.report(
                lastSenderReport: report.middle, delaySinceSenderReport: report.delay(now: now))
            let end = writeReport(medium, block, now)
            sender(medium).pointee.reportedPackets = sender(medium).pointee.packets
            sendRTCP(medium, length: end)
            // A relay there may hear a stranger as well, and learns from this that we are here.
            let source = sender(medium).pointee.isMuxed ? nil : sender(medium).pointee.rtcpSource
            if let absent = receiver.pointee.absentRTCP(besides: source) { sendRTCP(medium, length: end, to: absent) }
        }
    }

    /// Asks the phone for a keyframe. Under the sending lock.
    func sendKeyframeRequest(now: Int64) {
        let sender = sender(.video)
        var end = writeReport(.video, nil, now)
        let ssrc = sender.pointee.rewriter.ssrc, media = sender.pointee.partySSRC
        if sender.pointee.feedback.pli {
            end = RTCPWriter.pictureLoss(to: pointee.scratch, at: end, ssrc: ssrc, media: media)
        } else {
            sender.pointee.firNumber = sender.pointee.firNumber &+ 1
            end = RTCPWriter.fullIntraRequest(
                to: pointee.scratch, at: end, ssrc: ssrc, media: media, number: sender.pointee.firNumber)
        }
        sendRTCP(.video, length: end)
    }

    /// Tells the phone that nothing more is sent (RFC 3550 section 6.6). Under both locks.
    func sendGoodbye(_ medium: Medium, now: Int64) {
        let sender = sender(medium)
        guard pointee.kind == .plain, sender.pointee.isOpen, sender.pointee.packets > 0 else { return }
        let end = writeReport(medium, nil, now)
        sendRTCP(medium, length: RTCPWriter.goodbye(to: pointee.scratch, at: end, ssrc: sender.pointee.rewriter.ssrc))
    }

    /// Writes a report into the scratch; that of a sender where something was sent since the one before.
    func writeReport(_ medium: Medium, _ block: ReportBlock?, _ now: Int64) -> Int {
        let sender = sender(medium)
        var info: SenderInfo?
        if sender.pointee.packets != sender.pointee.reportedPackets {
            info = SenderInfo(
                ntp: Clock.ntp(), timestamp: sender.pointee.rewriter.timestamp(at: now),
                packets: UInt32(truncatingIfNeeded: sender.pointee.packets), bytes: UInt32(truncatingIfNeeded: sender.pointee.payloadBytes))
        }
        var name = pointee.cname
        return withUnsafeBytes(of: &name) {
            RTCPWriter.report(to: pointee.scratch, ssrc: sender.pointee.rewriter.ssrc, sender: info, block: block, name: $0)
        }
    }

    /// Sends what stands in the scratch.
    func sendRTCP(_ medium: Medium, length: Int) {
        let sender = sender(medium)
        var length = length
        guard sender.pointee.srtp.protectRTCP(pointee.scratch, &length) else { return }
        if sender.pointee.isMuxed {
            _ = sender.pointee.destination.send(pointee.scratch, length: length, from: sender.pointee.rtp)
        } else {
            _ = sender.pointee.rtcpDestination.send(pointee.scratch, length: length, from: sender.pointee.rtcp)
        }
    }

    /// Sends what stands in the scratch to an address, without SRTP.
    private func sendRTCP(_ medium: Medium, length: Int, to address: MediaAddress) {
        let sender = sender(medium)
        let socket = sender.pointee.isMuxed ? sender.pointee.rtp : sender.pointee.rtcp
        var destination = SocketAddress(address, isV6: sender.pointee.isV6)
        _ = destination.send(pointee.scratch, length: length, from: socket)
    }
}

internal import RTP

// Verdicts on the packets of both directions.

extension LineTestResult {
    /// Shares of packets.
    private static let lossLimit = 0.01, severeLoss = 0.05, reorderingLimit = 0.001, duplicateLimit = 0.001
    /// Milliseconds.
    private static let jitterLimit = 30.0, gapLimit = 200.0, roundTripLimit = 300
    /// A call shorter than this says nothing by what does not come. Milliseconds.
    private static let patience = 3_000
    /// RTCP comes every five seconds at least, and may be lost once (RFC 3550 section 6.2).
    private static let rtcpPatience = 12_000

    var mediaVerdicts: [LineVerdict] {
        guard received.packets > 0 else { return [absence].compactMap { $0 } + sentVerdicts }
        return lossVerdicts + orderVerdicts + timingVerdicts + [markingVerdict].compactMap { $0 } + sentVerdicts
    }

    /// What routers are to give priority is marked (RFC 4594 section 4.1: EF for audio).
    private var markingVerdict: LineVerdict? {
        guard marking == 0, Int(clamping: received.packets) >= LineQuality.leastPackets else { return nil }
        return LineVerdict(
            .notice, .notMarked, "The caller's audio is not marked (DSCP 0): no router gives it priority.",
            "Have the caller mark RTP with EF (46), or look for a device on the way that clears the mark.")
    }

    /// Why no RTP came.
    private var absence: LineVerdict? {
        guard isExpectedToSend, duration >= LineTestResult.patience else { return nil }
        let time = LineText.seconds(duration), wanted = addresses.signalled.map { " (SDP: \($0))" } ?? ""
        if rejected > 0 {
            return LineVerdict(
                .critical, .noRTP, "No RTP could be decrypted in \(time): SRTP rejected \(rejected) packets.",
                "The key in the caller's SDP is not the one that it sends with: check its SRTP settings, and whether a proxy changes a=crypto.")
        }
        if dropped > 0 {
            return LineVerdict(
                .critical, .noRTP, "No RTP came from the caller's address in \(time)\(wanted); \(dropped) packets came from elsewhere.",
                "The caller is behind NAT, or its SDP names a wrong address: set its external address, or allow media.latching.")
        }
        if isUnreachable {
            return LineVerdict(
                .critical, .noRTP, "No RTP came in \(time), and the caller's port is closed, as ICMP says\(wanted).",
                "The SDP names a wrong address or port: check the caller's NAT settings.")
        }
        if let sip = addresses.sip, let signalled = addresses.signalled, isBehindNAT {
            return LineVerdict(
                .critical, .noRTP, "No RTP came in \(time). The SDP names \(signalled), the INVITE came from \(sip): the caller is behind NAT.",
                "Let the caller's firewall send UDP to this gateway's RTP ports.")
        }
        return LineVerdict(
            .critical, .noRTP, "No RTP came in \(time)\(wanted).", "Check the firewalls between the caller and this gateway's RTP ports (UDP).")
    }

    private var lossVerdicts: [LineVerdict] {
        var found: [LineVerdict] = []
        let expected = max(Double(received.expected), 1)
        let lost = Double(received.lost) / expected, late = Double(received.late) / expected
        let bursts = "in \(received.bursts) \(received.bursts == 1 ? "burst" : "bursts") of up to \(received.longestBurst) packets"
        let lateInBursts = min(received.burstLate, received.burstLosses), lostInBursts = received.burstLosses - lateInBursts
        if lost > LineTestResult.lossLimit {
            let severity: LineVerdict.Severity = lost > 0.2 ? .critical : .warning
            found.append(LineVerdict(
                severity, .loss, "\(LineText.percent(lost)) of the caller's packets are lost (\(received.lost) of \(received.expected))\(lostInBursts > 0 ? ", \(lostInBursts) of them \(bursts)" : "").",
                lost > LineTestResult.severeLoss || lostInBursts > received.lost / 2
                    ? "The path is congested or a link is bad: look at queues, duplex settings and Wi-Fi on the way from the caller."
                    : "Give RTP priority (DSCP EF) on the way from the caller."))
        } else if lostInBursts > 0, received.longestBurst >= 5 {
            found.append(LineVerdict(
                .notice, .bursts,
                "Packets are lost \(bursts), \(LineText.percent(lost)) in all\(lateInBursts > 0 ? "; \(lateInBursts) of the packets there are late, not lost" : "").",
                "Look for a link that stalls: Wi-Fi, a route that changes, a queue that overflows."))
        }
        if late > LineTestResult.lossLimit {
            found.append(LineVerdict(
                .warning, .late, "\(LineText.percent(late)) of the packets come over 60 ms late: a jitter buffer of that size drops them.",
                "Give RTP priority on the way from the caller, or use a larger jitter buffer."))
        } else if lateInBursts > 0, lostInBursts == 0, received.longestBurst >= 5 {
            // RFC 3611 section 4.7.2 counts what is discarded like what is lost.
            found.append(LineVerdict(
                .notice, .late,
                "Packets come over 60 ms late \(bursts), \(LineText.percent(late)) in all; none of these is lost.",
                "Look for a link that stalls and then delivers, such as Wi-Fi, or for a caller whose processor is busy."))
        }
        if let quality = receivedQuality, quality.score < 3.6 {
            found.append(LineVerdict(
                quality.score < 2.6 ? .critical : .warning, .quality,
                "The caller would be heard with MOS \(LineText.number(quality.score, 2)) (R \(LineText.number(quality.rating, 0))).",
                "See the other lines for the cause."))
        }
        return found
    }

    private var orderVerdicts: [LineVerdict] {
        var found: [LineVerdict] = []
        let expected = max(Double(received.expected), 1)
        if received.reordered >= 3, Double(received.reordered) / expected > LineTestResult.reorderingLimit {
            found.append(LineVerdict(
                .notice, .reordering, "\(LineText.percent(Double(received.reordered) / expected)) of the packets come out of order.",
                "Packets take several paths: look for load balancing by packet instead of by flow."))
        }
        if received.duplicates >= 3, Double(received.duplicates) / expected > LineTestResult.duplicateLimit {
            found.append(LineVerdict(
                .notice, .duplicates, "\(LineText.percent(Double(received.duplicates) / expected)) of the packets come twice.",
                "Look for a mirrored port, a bridge loop, or two senders of one stream."))
        }
        if received.sourceChanges + received.sequenceJumps + received.timestampJumps > 0 {
            found.append(LineVerdict(
                .notice, .streamChanges,
                "The stream began anew: \(received.sourceChanges) other SSRC, \(received.sequenceJumps) jumps of numbers, \(received.timestampJumps) of timestamps.",
                "A device on the way re-makes the stream; some receivers click or fall silent at that."))
        }
        return found
    }

    private var timingVerdicts: [LineVerdict] {
        var found: [LineVerdict] = []
        if let jitter = received.jitter95, jitter > LineTestResult.jitterLimit {
            found.append(LineVerdict(
                .warning, .jitter,
                "Jitter is \(LineText.milliseconds(jitter)) for the worst 5 % of packets (mean \(LineText.milliseconds(received.jitterMean ?? 0))).",
                "Look for a busy link or Wi-Fi on the way from the caller, or a caller whose processor is busy."))
        }
        if let gap = received.largestGap, gap > LineTestResult.gapLimit, received.lost == 0 || gap > 1_000 {
            found.append(LineVerdict(
                .notice, .gap, "For \(LineText.milliseconds(gap)) no packet came.", "Look for a link that stalls, or a caller that pauses."))
        }
        if let skew = received.clockSkew, let error = received.clockSkewError, abs(skew) - error > 100 {
            found.append(LineVerdict(
                .notice, .clock,
                "The caller's audio clock runs \(LineText.number(abs(skew), 0)) ppm too \(skew > 0 ? "fast" : "slow") (±\(LineText.number(error, 0))).",
                "Long calls click or drift apart: let the device synchronise its audio clock, and fax over it will fail."))
        }
        if let trip = sent.roundTrip, trip > LineTestResult.roundTripLimit {
            found.append(LineVerdict(
                .warning, .roundTrip, "The round trip takes \(trip) ms.", "Over 300 ms people talk over one another: use a nearer gateway or a shorter path."))
        }
        return found
    }

    private var sentVerdicts: [LineVerdict] {
        var found: [LineVerdict] = []
        if received.packets > 0, isUnreachable {
            found.append(LineVerdict(
                .critical, .oneWay, "The caller's audio arrives; its own port for RTP is closed, as ICMP says.",
                "The caller hears nothing: its SDP names a wrong address or port."))
        } else if let loss = sent.lossShare, sent.packets >= LineQuality.leastPackets, received.packets > 0, loss > 0.95 {
            found.append(LineVerdict(
                .critical, .oneWay, "The caller's audio arrives; by its RTCP, nothing arrives at the caller (\(sent.lost ?? 0) of \(sent.packets) lost).",
                "Let the caller's firewall take UDP from this gateway."))
        } else if let loss = sent.lossShare, sent.packets >= LineQuality.leastPackets, loss > LineTestResult.lossLimit {
            found.append(LineVerdict(
                loss > 0.2 ? .critical : .warning, .sentLoss,
                "By its RTCP, the caller loses \(LineText.percent(loss)) of what it is sent (\(sent.lost ?? 0) of \(sent.packets)).",
                "Give RTP priority on the way to the caller."))
        }
        if received.packets > 0, rtcpPackets == 0, duration >= LineTestResult.rtcpPatience {
            found.append(LineVerdict(
                .notice, .noRTCP, "No RTCP came in \(LineText.seconds(duration)): nothing is known of the way to the caller.",
                "Switch RTCP on in the caller, and let its port (RTP plus one) pass."))
        }
        return found
    }
}

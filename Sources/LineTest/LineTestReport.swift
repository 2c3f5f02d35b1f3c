internal import Glibc
internal import RTP
internal import SIPNames

// A result as collectors of voice quality take it: application/vq-rtcpxr (RFC 6035 section 4.6).

extension LineTestResult {
    /// The media type of ``report(domain:)``, and the event package that it is of.
    public static let reportType = "application/vq-rtcpxr"
    public static let reportPackage = "vq-rtcpxr"

    /// The VQSessionReport of the call. What was not measured is left out.
    ///
    /// - Parameter domain: That of the gateway's own URIs.
    public func report(domain: String) -> String {
        func address(_ user: String) -> String { "<sip:\(SIPURI.escaped(user: user))@\(domain)>" }
        var lines = [
            "VQSessionReport: CallTerm", "CallID: \(callID ?? id)", "LocalID: \(address(dialled ?? "echo"))", "RemoteID: \(address(caller))",
            "OrigID: \(address(caller))", "LocalAddr: \(place(addresses.local, sent.ssrc))",
            "RemoteAddr: \(place(addresses.source ?? addresses.signalled, ssrc))", "LocalMetrics:", timestamps,
        ]
        lines += [description, "JitterBuffer: JBA=2 JBN=60 JBM=60 JBX=60", losses, bursts, delays(jitter: received.jitterMean), signal, quality(receivedQuality)].compactMap { $0 }
        if let share = sent.lossShare {
            lines += ["RemoteMetrics:", timestamps, "PacketLoss: NLR=\(LineText.number(share * 100, 2))"]
            lines += [delays(jitter: sent.jitter.map { Double($0) }), quality(sentQuality)].compactMap { $0 }
        }
        return lines.map { $0 + "\r\n" }.joined()
    }

    /// An address that is not known is unspecified.
    private func place(_ text: String?, _ ssrc: UInt32?) -> String {
        let address = text.flatMap { SocketAddress($0) }
        let number = String(ssrc ?? 0, radix: 16)
        return "IP=\(address.map { "\($0.ip)" } ?? "0.0.0.0") PORT=\(address?.port ?? 0) SSRC=0x\(String(repeating: "0", count: 8 - number.count))\(number)"
    }

    private var timestamps: String {
        "Timestamps: START=\(LineTestResult.time(began + (setUp.answered ?? 0))) STOP=\(LineTestResult.time(began + (setUp.answered ?? 0) + duration))"
    }

    /// RFC 3339, UTC.
    private static func time(_ milliseconds: Int) -> String {
        var seconds = time_t(milliseconds / 1_000), parts = tm()
        gmtime_r(&seconds, &parts)
        func number(_ value: Int32, _ digits: Int = 2) -> String { String(repeating: "0", count: max(0, digits - String(value).count)) + String(value) }
        return "\(number(parts.tm_year &+ 1_900, 4))-\(number(parts.tm_mon &+ 1))-\(number(parts.tm_mday))T\(number(parts.tm_hour)):\(number(parts.tm_min)):\(number(parts.tm_sec))Z"
    }

    private var description: String? {
        guard let codec else { return nil }
        // RFC 3551 section 4.5.2: the clock of G.722 is said to be 8000.
        let rate = switch codec.name.uppercased() {
        case "G722": 16_000
        case "OPUS": 48_000
        default: 8_000
        }
        var fields = ["PT=\(codec.payloadType)", "PD=\(codec.name.uppercased())", "SR=\(rate)"]
        if let time = received.packetTime, time > 0 { fields += ["FD=\(time)", "FPP=1", "PPS=\(1_000 / time)"] }
        return "SessionDesc: \(fields.joined(separator: " ")) SSUP=\(received.silences > 0 ? "on" : "off")"
    }

    private static func percent(_ count: UInt64, of all: UInt64) -> String {
        LineText.number(all > 0 ? min(Double(count) / Double(all), 1) * 100 : 0, 2)
    }

    /// Lost by the network, and late for a jitter buffer of 60 ms.
    private var losses: String? {
        guard received.expected > 0 else { return nil }
        return "PacketLoss: NLR=\(LineTestResult.percent(received.lost, of: received.expected)) JDR=\(LineTestResult.percent(received.late, of: received.expected))"
    }

    /// Densities in percent, mean lengths in milliseconds (RFC 3611 section 4.7.2).
    private var bursts: String? {
        guard received.expected > 0, let time = received.packetTime else { return nil }
        let gapPackets = received.expected &- min(received.burstPackets, received.expected)
        let losses = received.lost &+ received.late, gapLosses = losses &- min(received.burstLosses, losses)
        let burst = received.bursts > 0 ? Double(received.burstPackets) / Double(received.bursts) * Double(time) : 0
        let gap = Double(gapPackets) / (Double(received.bursts) + 1) * Double(time)
        return "BurstGapLoss: BLD=\(LineTestResult.percent(received.burstLosses, of: received.burstPackets)) BD=\(LineText.number(burst, 0))"
            + " GLD=\(LineTestResult.percent(gapLosses, of: gapPackets)) GD=\(LineText.number(gap, 0)) GMIN=\(LossPattern.gapThreshold)"
    }

    private func delays(jitter: Double?) -> String? {
        let fields = [sent.roundTrip.map { "RTD=\(max(0, $0))" }, jitter.map { "IAJ=\(LineText.number($0, 0))" }].compactMap { $0 }
        return fields.isEmpty ? nil : "Delay: \(fields.joined(separator: " "))"
    }

    /// In dBm0: 0 dBm0 is -6.15 dBov.
    private var signal: String? { audio.map { "Signal: SL=\(LineText.number($0.level + 6.15, 0))" } }

    /// R of wideband codecs is on a scale that the report does not have.
    private func quality(_ quality: LineQuality?) -> String? {
        guard let quality else { return nil }
        let rating = quality.band == .narrowband ? "RCQ=\(LineText.number(max(0, quality.rating), 0)) RCQEstAlg=\(quality.band.rawValue) " : ""
        return "QualityEst: \(rating)MOSCQ=\(LineText.number(quality.score)) MOSCQEstAlg=\(quality.band.rawValue)"
    }
}

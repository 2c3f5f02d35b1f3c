/// One finding of a line test: how bad it is, what shows it, and what to do.
public struct LineVerdict: Sendable, Equatable {
    public enum Severity: String, Sendable, Equatable, CaseIterable {
        /// The call is of no use.
        case critical
        /// People hear it.
        case warning
        /// It is not as it should be, and may matter elsewhere.
        case notice
        /// Nothing was found.
        case good
    }

    /// What was found; the API's name is the raw value.
    public enum Code: String, Sendable, Equatable, CaseIterable {
        case noRTP = "no_rtp"
        case oneWay = "one_way"
        case loss, late, bursts, jitter, reordering, duplicates, gap
        case sentLoss = "sent_loss"
        case quality
        case silent
        case level, clipping, offset
        case roundTrip = "round_trip"
        case codec
        case packetTime = "packet_time"
        case clock
        case source
        case alg
        case streamChanges = "stream_changes"
        case doubledDigits = "doubled_digits"
        case inBandDigits = "in_band_digits"
        case noRTCP = "no_rtcp"
        case notMarked = "not_marked"
        case slowSetUp = "slow_set_up"
        case failedRefresh = "failed_refresh"
        case failedOffer = "failed_offer"
        case tooShort = "too_short"
        case fine
    }

    public let severity: Severity
    public let code: Code
    /// What was measured, in one sentence.
    public let evidence: String
    /// What to do about it.
    public let remedy: String

    init(_ severity: Severity, _ code: Code, _ evidence: String, _ remedy: String) {
        self.severity = severity
        self.code = code
        self.evidence = evidence
        self.remedy = remedy
    }

    /// One line: severity, evidence and remedy.
    public var text: String { remedy.isEmpty ? "\(severity.rawValue): \(evidence)" : "\(severity.rawValue): \(evidence) \(remedy)" }
}

extension LineTestResult {
    /// The verdicts, worst first; never empty. `fine` stands alone.
    public var verdicts: [LineVerdict] {
        let found = mediaVerdicts + audioVerdicts + agreementVerdicts + signallingVerdicts
        if found.isEmpty { return [conclusion] }
        return LineVerdict.Severity.allCases.flatMap { severity in found.filter { $0.severity == severity } }
    }

    /// Whether there is nothing to be said is known only where there was enough to measure.
    private var conclusion: LineVerdict {
        guard !isExpectedToSend || Int(clamping: received.packets) >= LineQuality.leastPackets else {
            return LineVerdict(
                .notice, .tooShort, "The test lasted \(LineText.seconds(duration)) with \(received.packets) RTP packets: too short for a verdict.",
                "Stay on the line for ten seconds.")
        }
        let score = receivedQuality.map { ", MOS \(LineText.number($0.score, 2))" } ?? ""
        return LineVerdict(
            .good, .fine,
            "Everything fine: \(received.packets) RTP packets in \(LineText.seconds(duration)), none of the limits passed\(score).", "")
    }
}

/// Numbers as verdicts write them.
enum LineText {
    static func number(_ value: Double, _ digits: Int = 1) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "-" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = Int((abs(value) * scale).rounded())
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = String(whole % Int(scale))
        return "\(sign)\(whole / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }

    /// A share of 0 to 1.
    static func percent(_ share: Double) -> String { "\(number(share * 100, share < 0.1 ? 2 : 1)) %" }

    static func seconds(_ milliseconds: Int) -> String { "\(number(Double(milliseconds) / 1_000)) s" }

    static func milliseconds(_ value: Double) -> String { "\(number(value)) ms" }
}

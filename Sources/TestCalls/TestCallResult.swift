internal import Foundation
internal import RTP

/// What a test call has found out about a line. What was not measured is nil.
public struct TestCallResult: Codable, Equatable, Sendable {
    /// How a line test judges.
    public enum Severity: String, Codable, Sendable, CaseIterable {
        /// The line is of no use.
        case critical
        /// People hear it.
        case warning
        case good
    }

    /// One finding: what is wrong, what shows it, and what to do.
    public struct Verdict: Codable, Equatable, Sendable {
        public let severity: Severity
        public let evidence: String
        public let remedy: String
    }

    /// What the far end is to do.
    public enum Expectation: String, Codable, Sendable, CaseIterable {
        /// It sends back what it hears.
        case echo
        /// It sends 1,004 Hz.
        case milliwatt
        /// It answers and sends something.
        case any
    }

    /// Limits of a line that is good.
    public struct Limits: Codable, Equatable, Sendable {
        /// MOS.
        public var score = 3.5
        /// Of 1.
        public var loss = 0.01
        /// Milliseconds.
        public var jitter = 30.0
        public var roundTrip = 300.0
        /// dB, either way.
        public var level = 6.0
        /// Milliseconds.
        public var answer = 10_000

        public init() {}
    }

    /// What was dialled, and by which trunk; nil where the routes decided.
    public var destination: String
    public var trunk: String?
    /// Milliseconds since 1970.
    public var began: Int
    public var expectation = Expectation.echo
    /// The final response to the INVITE; nil where there was none.
    public var status: Int?
    public var phrase: String?
    /// From the INVITE to the first 101 to 199, to the 200, and to the first RTP packet. Milliseconds.
    public var ringing: Int?
    public var answered: Int?
    public var firstPacket: Int?
    /// From the answer to the end. Milliseconds.
    public var duration: Int?
    /// As `rtpmap` names it.
    public var codec: String?
    public var sentPackets = 0
    public var receivedPackets = 0
    /// Of 1: packets of the far end that did not come, and packets of ours that did not reach it by its RTCP.
    public var loss: Double?
    public var sentLoss: Double?
    /// Milliseconds (RFC 3550 section 6.4.1).
    public var jitter: Double?
    /// How late the latest packet was sent: this machine was busy. Milliseconds.
    public var sendingDelay: Double?
    /// Of the audio, by correlation with what was sent; and of RTCP. Milliseconds.
    public var audioRoundTrip: Double?
    public var reportedRoundTrip: Double?
    /// How much louder the audio is that comes back. dB.
    public var levelDifference: Double?
    /// Of a tone at 1,004 Hz that the far end sends. dBm0.
    public var toneLevel: Double?
    /// R and MOS of what is heard here, and of what the far end hears (ITU-T G.107).
    public var rating: Double?
    public var score: Double?
    public var sentScore: Double?
    /// Where the far end's RTP came from: `address:port`.
    public var source: String?
    public var limits = Limits()
    /// Worst first; never empty once the call is over.
    public var verdicts: [Verdict] = []

    public init(destination: String, trunk: String? = nil, began: Int) {
        self.destination = destination
        self.trunk = trunk
        self.began = began
    }

    /// Whether nothing was found.
    public var isGood: Bool { verdicts.allSatisfy { $0.severity == .good } && !verdicts.isEmpty }
}

extension TestCallResult {
    /// Says what is wrong.
    mutating func judge() {
        let found = findings
        verdicts = found.isEmpty
            ? [Verdict(severity: .good, evidence: "Everything fine: \(receivedPackets) packets\(score.map { ", MOS \(TestCallText.number($0, 2))" } ?? "").", remedy: "")]
            : found.sorted { Severity.allCases.firstIndex(of: $0.severity) ?? 0 < Severity.allCases.firstIndex(of: $1.severity) ?? 0 }
    }

    private var findings: [Verdict] {
        guard let status, (200..<300).contains(status) else { return [notAnswered] }
        guard receivedPackets > 0 else {
            return [Verdict(severity: .critical, evidence: "The call was answered, but no RTP came.", remedy: "Check the firewalls on the way, and the address in the far end's SDP.")]
        }
        return signalFindings + networkFindings
    }

    /// Whether our own packets were sent so unevenly that they explain the jitter of an echo.
    private var isHurried: Bool { sendingDelay.map { $0 > 20 } ?? false }

    private var notAnswered: Verdict {
        let what = status.map { "The far end answered \($0) \(phrase ?? "")".trimmingCharacters(in: .whitespaces) + "." } ?? "Nobody answered in time."
        let remedy = switch status {
        case 401, 403, 407: "Check the trunk's credentials and what it may call."
        case 404, 484: "Check the number and how the trunk wants it."
        case 408, 503, nil: "Check the trunk's targets: see its state in /status and the log."
        case 488: "Offer a codec that the far end takes: a test call offers PCMU and PCMA."
        default: "See the call's trace and the log."
        }
        return Verdict(severity: .critical, evidence: what, remedy: remedy)
    }

    private var signalFindings: [Verdict] {
        var found: [Verdict] = []
        switch expectation {
        case .echo:
            if audioRoundTrip == nil {
                let tone = toneLevel.map { " A tone of \(TestCallText.number($0)) dBm0 comes instead." } ?? ""
                found.append(Verdict(
                    severity: .critical, evidence: "RTP comes, but no echo of what was sent.\(tone)",
                    remedy: "One way only: our audio does not reach the far end, or it is no echo (then say `expect: any`)."))
            }
        case .milliwatt:
            if toneLevel == nil { found.append(Verdict(severity: .critical, evidence: "RTP comes, but no tone at 1004 Hz.", remedy: "Check the number: is it a milliwatt?")) }
            if let toneLevel, abs(toneLevel) > limits.level {
                found.append(Verdict(
                    severity: .warning, evidence: "The milliwatt arrives at \(TestCallText.number(toneLevel)) dBm0 instead of 0.",
                    remedy: "A gateway on the way changes the level: check its gain and its law (A or mu)."))
            }
        case .any: break
        }
        if let levelDifference, abs(levelDifference) > limits.level {
            found.append(Verdict(
                severity: .warning, evidence: "The echo is \(TestCallText.number(abs(levelDifference))) dB too \(levelDifference > 0 ? "loud" : "quiet").",
                remedy: "A gateway on the way changes the level: check its gain."))
        }
        let trip = audioRoundTrip ?? reportedRoundTrip
        if let trip, trip > limits.roundTrip {
            found.append(Verdict(severity: .warning, evidence: "The round trip takes \(TestCallText.number(trip, 0)) ms.", remedy: "Over 300 ms people talk over one another: use a shorter path."))
        }
        return found
    }

    private var networkFindings: [Verdict] {
        var found: [Verdict] = []
        func check(_ share: Double?, _ what: String) {
            guard let share, share > limits.loss else { return }
            found.append(Verdict(
                severity: share > 0.2 ? .critical : .warning, evidence: "\(TestCallText.number(share * 100)) % of the packets \(what) are lost.",
                remedy: "Give RTP priority (DSCP EF) on the way, and look for a link that is full."))
        }
        check(loss, "from the far end")
        check(sentLoss, "to the far end")
        if let jitter, jitter > limits.jitter {
            found.append(Verdict(severity: .warning, evidence: "Jitter is \(TestCallText.number(jitter)) ms.", remedy: isHurried ? "This machine was busy during the test: repeat it." : "Look for a busy link on the way."))
        }
        if let answered, answered > limits.answer {
            found.append(Verdict(severity: .warning, evidence: "The answer took \(TestCallText.number(Double(answered) / 1_000)) s.", remedy: "See the call's trace for who took it."))
        }
        if let score, score < limits.score {
            found.append(Verdict(severity: score < 2.6 ? .critical : .warning, evidence: "MOS is \(TestCallText.number(score, 2)).", remedy: "See the other lines for the cause."))
        }
        return found
    }
}

/// Numbers as results write them.
public enum TestCallText {
    public static func number(_ value: Double, _ digits: Int = 1) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "-" }
        return String(format: "%.\(digits)f", value)
    }
}

extension TestCallResult {
    /// For people, a line each.
    public var text: String {
        var lines = ["Test call to \(destination)\(trunk.map { " by trunk \($0)" } ?? "")"]
        func add(_ name: String, _ value: String?) {
            if let value { lines.append("  \(name.padding(toLength: 18, withPad: " ", startingAt: 0)) \(value)") }
        }
        func number(_ value: Double?, _ unit: String, _ digits: Int = 1) -> String? { value.map { "\(TestCallText.number($0, digits)) \(unit)" } }
        add("response", status.map { "\($0) \(phrase ?? "")" })
        add("ringing after", ringing.map { "\($0) ms" })
        add("answered after", answered.map { "\($0) ms" })
        add("first RTP after", firstPacket.map { "\($0) ms" })
        add("codec", codec)
        add("packets", status == 200 ? "\(sentPackets) sent, \(receivedPackets) received" : nil)
        add("loss", number(loss.map { $0 * 100 }, "% from there") .map { $0 + (number(sentLoss.map { $0 * 100 }, "% to there").map { ", " + $0 } ?? "") })
        add("jitter", number(jitter, "ms"))
        add("round trip", number(audioRoundTrip, "ms of the audio").map { $0 + (number(reportedRoundTrip, "ms by RTCP").map { ", " + $0 } ?? "") })
        add("level", number(levelDifference, "dB against what was sent"))
        add("tone", number(toneLevel, "dBm0 at 1004 Hz"))
        add("MOS", score.map { "\(TestCallText.number($0, 2))\(rating.map { " (R \(TestCallText.number($0, 0)))" } ?? "")" })
        add("RTP from", source)
        for verdict in verdicts { lines.append("  \(verdict.severity.rawValue): \(verdict.evidence)\(verdict.remedy.isEmpty ? "" : " \(verdict.remedy)")") }
        return lines.joined(separator: "\n")
    }

    /// One object; dates are numbers.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

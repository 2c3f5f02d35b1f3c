import LineTest
import RTP
import Testing

@Suite("The report of a line test to a collector")
struct LineTestReportTests {
    /// The report's lines by their names; those of a part named `Part/Name`.
    private static func fields(_ report: String) -> [String: String] {
        var found: [String: String] = [:], part = ""
        for line in report.split(separator: "\r\n") {
            let pieces = line.split(separator: ":", maxSplits: 1).map { $0.trimmingPrefix(while: { $0 == " " }) }
            if pieces.count == 1 { part = pieces[0] + "/" } else { found[part + pieces[0]] = String(pieces[1]) }
        }
        return found
    }

    @Test("it has the parts and fields of RFC 6035")
    func whole() {
        let result = LineVerdictTests.clean {
            // 2026-11-29T14:30:00Z.
            $0.began = 1_795_962_600_000
            $0.callID = "abc@198.51.100.7"
            $0.addresses.local = "203.0.113.1:20000"
            $0.ssrc = 0x1a3b
            $0.sent.ssrc = 0xdead_beef
            $0.sent.roundTrip = 80
            $0.sent.jitter = 3
            $0.sent.lost = 20
            $0.received.lost = 30
            $0.received.late = 10
            $0.received.bursts = 2
            $0.received.burstPackets = 40
            $0.received.burstLosses = 20
            $0.received.burstLate = 10
            $0.duration = 60_000
        }
        let report = result.report(domain: "tern.test"), fields = Self.fields(report)
        #expect(report.hasPrefix("VQSessionReport: CallTerm\r\nCallID: abc@198.51.100.7\r\n"))
        #expect(fields["LocalID"] == "<sip:echo@tern.test>" && fields["RemoteID"] == "<sip:alice@tern.test>" && fields["OrigID"] == fields["RemoteID"])
        #expect(fields["LocalAddr"] == "IP=203.0.113.1 PORT=20000 SSRC=0xdeadbeef" && fields["RemoteAddr"] == "IP=198.51.100.7 PORT=4000 SSRC=0x00001a3b")
        #expect(fields["LocalMetrics/Timestamps"] == "START=2026-11-29T14:30:00Z STOP=2026-11-29T14:31:00Z")
        #expect(fields["LocalMetrics/SessionDesc"] == "PT=0 PD=PCMU SR=8000 FD=20 FPP=1 PPS=50 SSUP=off")
        #expect(fields["LocalMetrics/PacketLoss"] == "NLR=3.00 JDR=1.00")
        #expect(fields["LocalMetrics/BurstGapLoss"] == "BLD=50.00 BD=400 GLD=2.08 GD=6400 GMIN=16")
        #expect(fields["LocalMetrics/Delay"] == "RTD=80 IAJ=1" && fields["LocalMetrics/Signal"] == "SL=-22")
        #expect(fields["LocalMetrics/QualityEst"]?.hasPrefix("RCQ=") == true && fields["LocalMetrics/QualityEst"]?.contains("MOSCQEstAlg=G.107") == true)
        #expect(fields["RemoteMetrics/PacketLoss"] == "NLR=2.00" && fields["RemoteMetrics/Delay"] == "RTD=80 IAJ=3")
        #expect(report.utf8.allSatisfy { $0 < 0x80 } && !report.contains("\n\n"))
    }

    @Test("what was not measured is left out, and whatever a caller is called makes no line of its own")
    func hostile() {
        var result = LineTestResult(id: "call", session: "s", began: 0, duration: 0, caller: "a\r\nRemoteMetrics:\r\n>x", dialled: "é>")
        let report = result.report(domain: "tern.test"), fields = Self.fields(report)
        #expect(fields["RemoteAddr"] == "IP=0.0.0.0 PORT=0 SSRC=0x00000000" && fields["LocalMetrics/PacketLoss"] == nil && !report.contains("\r\nRemoteMetrics"))
        #expect(fields["LocalMetrics/Timestamps"] == "START=1970-01-01T00:00:00Z STOP=1970-01-01T00:00:00Z")
        result.codec = .init(name: "opus", payloadType: 111)
        #expect(Self.fields(result.report(domain: "x"))["LocalMetrics/SessionDesc"] == "PT=111 PD=OPUS SR=48000 SSUP=off")
    }
}

@testable import TestCalls
import Testing

@Suite struct TestCallResultTests {
    /// Of a line without a fault.
    private var good: TestCallResult {
        var result = TestCallResult(destination: "echo", began: 0)
        (result.status, result.answered, result.receivedPackets, result.sentPackets) = (200, 400, 500, 500)
        (result.loss, result.sentLoss, result.jitter) = (0.002, 0, 4)
        (result.audioRoundTrip, result.levelDifference, result.score) = (40, 0.1, 4.4)
        return result
    }

    private func judged(_ change: (inout TestCallResult) -> Void) -> TestCallResult {
        var result = good
        change(&result)
        result.judge()
        return result
    }

    @Test func `a line without a fault is good`() {
        let result = judged { _ in }
        #expect(result.isGood && result.verdicts.map(\.severity) == [.good])
    }

    @Test func `each limit is judged at what is beyond it, and not before`() {
        for (limit, change) in [
            ("of the packets from the far end are lost", { $0.loss = $1 ? 0.011 : 0.01 }), ("of the packets to the far end are lost", { $0.sentLoss = $1 ? 0.011 : 0.01 }),
            ("Jitter is", { $0.jitter = $1 ? 31 : 30 }), ("The round trip takes", { $0.audioRoundTrip = $1 ? 301 : 300 }),
            ("too quiet", { $0.levelDifference = $1 ? -6.5 : -6 }), ("too loud", { $0.levelDifference = $1 ? 6.5 : 6 }),
            ("The answer took", { $0.answered = $1 ? 10_001 : 10_000 }), ("MOS is", { $0.score = $1 ? 3.4 : 3.5 }),
        ] as [(String, (inout TestCallResult, Bool) -> Void)] {
            let beyond = judged { change(&$0, true) }
            #expect(beyond.verdicts.count == 1 && beyond.verdicts[0].severity == .warning && beyond.verdicts[0].evidence.contains(limit), "\(limit): \(beyond.verdicts)")
            #expect(judged { change(&$0, false) }.isGood, "\(limit)")
        }
    }

    @Test func `jitter while this machine was late itself says so`() {
        #expect(judged { $0.jitter = 31; $0.sendingDelay = 21 }.verdicts.first?.remedy.contains("This machine was busy") == true)
        #expect(judged { $0.jitter = 31; $0.sendingDelay = 20 }.verdicts.first?.remedy.contains("busy link") == true)
    }

    @Test func `what makes a line of no use is critical, and stands first`() {
        let silent = judged { $0.audioRoundTrip = nil; $0.loss = 0.05 }
        #expect(silent.verdicts.map(\.severity) == [.critical, .warning] && silent.verdicts[0].evidence.hasPrefix("RTP comes, but no echo"))
        #expect(judged { $0.receivedPackets = 0 }.verdicts.map(\.severity) == [.critical])
        #expect(judged { $0.status = 486; $0.phrase = "Busy Here" }.verdicts[0].evidence == "The far end answered 486 Busy Here.")
        #expect(judged { $0.status = nil }.verdicts[0].evidence == "Nobody answered in time.")
        #expect(judged { $0.loss = 0.3 }.verdicts[0].severity == .critical)
    }

    @Test func `what is expected decides what is judged`() {
        #expect(judged { $0.expectation = .any; $0.audioRoundTrip = nil; $0.levelDifference = nil }.isGood)
        #expect(judged { $0.expectation = .milliwatt; $0.audioRoundTrip = nil; $0.levelDifference = nil; $0.toneLevel = -0.3 }.isGood)
        #expect(judged { $0.expectation = .milliwatt; $0.toneLevel = nil }.verdicts[0].evidence == "RTP comes, but no tone at 1004 Hz.")
        #expect(judged { $0.expectation = .milliwatt; $0.toneLevel = -12 }.verdicts[0].evidence.hasPrefix("The milliwatt arrives at -12.0 dBm0"))
    }
}

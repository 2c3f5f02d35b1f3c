import EventLoop
import Janus
@testable import Media
@testable import ProxyCore
import SDP
import Testing

@Suite("The quality of a call")
struct SessionQualityTests {
    private func counts(caller: (packets: Int, lost: Int, jitter: Int)?, callee: (packets: Int, lost: Int, jitter: Int)? = nil) throws -> SessionSummary {
        var summary = SessionSummary()
        for (side, figures) in [(SessionSide.caller, caller), (.callee, callee)] {
            guard let figures else { continue }
            var medium = EngineStatistics.Medium()
            medium.received.packets = figures.packets
            medium.received.lost = figures.lost
            medium.received.jitter = figures.jitter
            summary.statistics[side] = EngineStatistics(leg: try #require(EngineLegID(1)), audio: medium)
            summary.codecs[side] = [.audio: "PCMU"]
        }
        return summary
    }

    @Test("it is that of the worse side, since the count before")
    func worse() throws {
        let before = try counts(caller: (1_000, 500, 3), callee: (1_000, 0, 3))
        let now = try counts(caller: (1_200, 500, 4), callee: (1_180, 20, 9))
        let quality = try #require(SessionQuality(since: before, now))
        #expect(quality.loss == 0.1 && quality.jitter == 9)
        let score = try #require(quality.score)
        #expect(score < 3.5 && score > 3.2)
        let whole = try #require(SessionQuality(since: nil, now))
        #expect(abs(whole.loss - 500.0 / 1_700) < 1e-9)
    }

    @Test("counts that went back, as after another Janus, count from the beginning; without packets nothing is known")
    func restarted() throws {
        let before = try counts(caller: (1_000, 500, 3))
        #expect(SessionQuality(since: before, try counts(caller: (90, 10, 3)))?.loss == 0.1)
        #expect(SessionQuality(since: before, before) == nil)
        #expect(SessionQuality(since: nil, SessionSummary()) == nil)
        // Under a hundred packets there is no score.
        #expect(SessionQuality(since: nil, try counts(caller: (90, 10, 3)))?.score == nil)
    }
}

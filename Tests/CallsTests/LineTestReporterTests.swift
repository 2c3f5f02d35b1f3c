@testable import Calls
import EventLoop
import LineTest
import Logging
import SIP
import SIPNames
import Testing

@Suite("Reports of line tests", .serialized)
struct LineTestReporterTests {
    /// A collector that answers as it is told to, and what it was sent.
    @LoopActor
    private final class Collector {
        let agent = StandInUserAgent()
        let clock = TurnedClock()
        private(set) var requests: [SIPClientRequest] = []
        var answers: [SIPClientOutcome] = []
        var names: [SIPServerName] = []
        private(set) var reporter: LineTestReporter!

        init(_ uri: String = "sip:collector@192.0.2.9:5070;transport=tcp", hops: [SIPHop] = [SIPHop(transport: .tcp, address: "192.0.2.9", port: 5_070)]) {
            clock.use()
            agent.onRequest = { [unowned self] request in
                requests.append(request)
                return answers.isEmpty ? SIPClientOutcome(status: 200, phrase: "OK", isFromPeer: true) : answers.removeFirst()
            }
            reporter = LineTestReporter(collector: uri, domain: "tern.test", endpoint: agent, locate: { [unowned self] name in
                names.append(name)
                return hops
            }, log: Logger(label: "test"))
        }

        /// Lets time pass.
        func turn(by time: Duration) async {
            clock.turn(by: time)
            for _ in 0..<50 { await Task.yield() }
        }

        func result(_ id: String = "call") -> LineTestResult { LineTestResult(id: id, session: "s", began: 0, duration: 0, caller: "alice") }
    }

    private static func outcome(_ status: Int, isFromPeer: Bool = true) -> SIPClientOutcome { SIPClientOutcome(status: status, phrase: "", isFromPeer: isFromPeer) }

    @Test("a report is one PUBLISH to the collector")
    @LoopActor func publish() async throws {
        let collector = Collector()
        defer { collector.clock.retire() }
        collector.reporter.send(collector.result())
        await collector.turn(by: .milliseconds(1))
        let request = try #require(collector.requests.first)
        #expect(collector.names == [SIPServerName(host: "192.0.2.9", port: 5_070, transport: .tcp)])
        #expect(request.method == .publish && request.target == "sip:collector@192.0.2.9:5070;transport=tcp" && request.from == "sip:tern.test")
        #expect(request.headers.map { "\($0.name): \($0.value)" } == ["Event: vq-rtcpxr"] && request.body?.type == "application/vq-rtcpxr")
        #expect(request.body?.text.hasPrefix("VQSessionReport: CallTerm\r\nCallID: call\r\n") == true && request.timeout == .seconds(8))
        await collector.turn(by: .seconds(300))
        #expect(collector.requests.count == 1)
    }

    @Test("a collector that is busy or away gets it again, three times in all; one that refuses does not")
    @LoopActor func again() async throws {
        let collector = Collector()
        defer { collector.clock.retire() }
        collector.answers = [Self.outcome(503), Self.outcome(408, isFromPeer: false)]
        collector.reporter.send(collector.result())
        await collector.turn(by: .milliseconds(1))
        await collector.turn(by: .seconds(4))
        #expect(collector.requests.count == 1)
        await collector.turn(by: .seconds(2))
        #expect(collector.requests.count == 2)
        await collector.turn(by: .seconds(60))
        #expect(collector.requests.count == 3)
        collector.answers = [Self.outcome(403)]
        collector.reporter.send(collector.result())
        await collector.turn(by: .seconds(300))
        #expect(collector.requests.count == 4)
        collector.answers = [503, 503, 503].map { Self.outcome($0) }
        collector.reporter.send(collector.result())
        for _ in 0..<10 { await collector.turn(by: .seconds(31)) }
        #expect(collector.requests.count == 7)
        // Nothing is sent once the gateway stops.
        collector.answers = [Self.outcome(503)]
        collector.reporter.send(collector.result())
        await collector.turn(by: .seconds(1))
        collector.reporter.stop()
        await collector.turn(by: .seconds(300))
        #expect(collector.requests.count == 8)
    }

    @Test("a hundred reports wait at most, whatever becomes of the collector")
    @LoopActor func bounded() async throws {
        let collector = Collector(hops: [])
        defer { collector.clock.retire() }
        for index in 0..<150 { collector.reporter.send(collector.result("\(index)")) }
        for _ in 0..<10 { await collector.turn(by: .seconds(31)) }
        #expect(collector.names.count == 300, "100 reports, three tries each")
        collector.reporter.send(collector.result())
        await collector.turn(by: .seconds(1))
        #expect(collector.names.count == 301, "those before have made room")
    }
}

@testable import Diagnosis
import JSON
import Testing

@Suite struct TopScreenTests {
    private func call(_ caller: String, mos: Double?, age: Double = 5) -> JSONValue {
        [
            "caller": .string(caller), "dialled": "4930", "state": "answered", "age": .real(age), "answered_for": .real(age), "trunk": "berlin",
            "quality": mos.map { ["mos": .real($0), "loss": .real(0.0123), "jitter": 4] } ?? .null,
        ]
    }

    private func overview(_ calls: [JSONValue], cpu: Double = 10, time: Double = 1_000) -> JSONValue {
        [
            "version": "1.0", "time": .real(time), "uptime": 3_725, "memory": .integer(64 << 20), "cpu_seconds": .real(cpu), "draining": false,
            "obstacles": ["no media server is ready"],
            "calls": ["count": .integer(calls.count), "answered": .integer(calls.count), "list": .array(calls)],
            "rates": ["last_minute": ["started": 7, "answered": 5, "failed": 2]], "registrations": ["count": 3], "clients": ["count": 4],
            "trunks": ["count": 1, "list": [["name": "berlin", "state": "up", "up": true, "calls": 2, "maximum_calls": 30]]],
            "limits": ["sessions": ["used": 2, "of": 1_000]],
        ]
    }

    @Test("rates, trunks, what keeps calls from being taken, and calls, the worst MOS first")
    func whole() {
        let lines = TopScreen(
            overview([call("good", mos: 4.4), call("new", mos: nil), call("bad", mos: 2.15)], cpu: 10.5, time: 1_001), former: overview([]), width: 100
        ).lines(height: .max)
        #expect(lines[0] == "tern 1.0  up 1:02:05  CPU 50.0 %  memory 64 MB")
        #expect(lines[1] == "calls 3 (3 answered)  last minute: 7 started, 5 answered, 2 failed  worst MOS 2.2")
        #expect(lines.contains("! no media server is ready"))
        #expect(lines.contains { $0.hasPrefix("berlin") && $0.contains("2 of 30") && $0.hasSuffix("up") })
        let rows = lines.suffix(3)
        #expect(rows.map { $0.prefix { $0 != " " } } == ["bad", "good", "new"])
        #expect(rows.first?.contains("2.2") == true && rows.first?.contains("1.2 %") == true && rows.first?.contains("4 ms") == true)
    }

    @Test("no line is longer than the terminal is wide, and there are no more than it has", arguments: [(40, 10), (80, 24), (200, 15)])
    func bounds(width: Int, height: Int) {
        let calls = (0..<100).map { call(String(repeating: "9", count: 60) + "\($0)\u{1b}[2J", mos: 4) }
        let lines = TopScreen(overview(calls), width: width).lines(height: height)
        #expect(lines.allSatisfy { $0.count <= width && !$0.unicodeScalars.contains("\u{1b}") })
        #expect(lines.count <= height && lines.last?.contains("more") == true, "\(lines)")
    }

    @Test("an answer without anything is no trouble")
    func empty() { #expect(TopScreen([:], width: 80).lines(height: 24).count > 3) }
}

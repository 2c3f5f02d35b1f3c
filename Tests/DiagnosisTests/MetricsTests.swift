import CoreMetrics
import Foundation
import Testing
@testable import Diagnosis

@Suite struct MetricsTests {
    private let registry = MetricsRegistry([
        MetricFamily("calls_total", .counter, "Calls."), MetricFamily("memory_bytes", .gauge, "Memory."),
        MetricFamily("setup_seconds", .histogram([0.1, 1]), "Times."),
    ])

    private func lines(_ name: String) -> [String] {
        registry.text.split(separator: "\n").filter { $0.hasPrefix(name) }.map(String.init)
    }

    @Test("what is counted through swift-metrics is in the text, with its labels in the order of their names")
    func counters() {
        Counter(label: "calls_total", dimensions: [("result", "busy"), ("caller", "phone")], factory: registry).increment(by: 2)
        Counter(label: "calls_total", dimensions: [("caller", "phone"), ("result", "busy")], factory: registry).increment()
        Meter(label: "memory_bytes", factory: registry).set(1_536)
        #expect(lines("calls_total") == [#"calls_total{caller="phone",result="busy"} 3"#])
        #expect(lines("memory_bytes") == ["memory_bytes 1536"])
        #expect(lines("# ").count == 6)
        #expect(registry.text.contains("# HELP calls_total Calls.\n# TYPE calls_total counter\n"))
    }

    @Test("a histogram counts each bound with those below it")
    func histograms() {
        let times = Timer(label: "setup_seconds", dimensions: [("stage", "answer")], factory: registry)
        for milliseconds in [50, 100, 500, 5_000] { times.recordMilliseconds(milliseconds) }
        #expect(lines("setup_seconds") == [
            #"setup_seconds_bucket{stage="answer",le="0.1"} 2"#, #"setup_seconds_bucket{stage="answer",le="1"} 3"#,
            #"setup_seconds_bucket{stage="answer",le="+Inf"} 4"#, #"setup_seconds_sum{stage="answer"} 5.65"#,
            #"setup_seconds_count{stage="answer"} 4"#,
        ])
    }

    @Test("labels cannot break the text, and are cut")
    func escaping() {
        Counter(label: "calls_total", dimensions: [("result", "a\"b\\c\nd}")], factory: registry).increment()
        Counter(label: "calls_total", dimensions: [("result", String(repeating: "x", count: 10_000))], factory: registry).increment()
        #expect(lines("calls_total").contains(#"calls_total{result="a\"b\\c\nd}"} 1"#))
        // A mark that combines with a quote makes it no other quote, and a CRLF is a line's end.
        Counter(label: "calls_total", dimensions: [("result", "a\"\u{301}\r\nb")], factory: registry).increment()
        #expect(lines("calls_total").contains("calls_total{result=\"a\\\"\u{301}\\nb\"} 1"))
        #expect(lines("calls_total").allSatisfy { $0.count < 200 })
    }

    @Test("further combinations of labels are counted together")
    func bounded() {
        for number in 0..<10_000 { Counter(label: "calls_total", dimensions: [("result", "\(number)")], factory: registry).increment() }
        let series = lines("calls_total")
        #expect(series.count == MetricsRegistry.maximumSeries + 1)
        #expect(series.contains("calls_total{result=\"other\"} \(10_000 - MetricsRegistry.maximumSeries)"))
    }

    @Test("what is in no list is not written, a value that is no number is not counted")
    func unknown() {
        Counter(label: "something_else", factory: registry).increment()
        Recorder(label: "setup_seconds", factory: registry).record(Double.nan)
        #expect(!registry.text.contains("something_else") && !registry.text.contains("NaN"))
    }

    @Test("each metric of the gateway has a name and a help by Prometheus' conventions, once")
    func families() {
        let names = MetricsRegistry.families.map(\.name)
        #expect(Set(names).count == names.count)
        for family in MetricsRegistry.families {
            #expect(family.help.hasSuffix(".") || family.help.hasSuffix("…"), "\(family.name)")
            #expect(!family.help.contains("\n") && !family.help.contains("\\"))
            if case .counter = family.kind { #expect(family.name.hasSuffix("_total")) }
        }
    }

    @Test("docs/monitoring.md lists them as they are")
    func documented() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/monitoring.md")
        let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| `tern_") || $0.hasPrefix("| `process_") }
        #expect(rows.map(String.init) == MetricsRegistry.families.map { "| `\($0.name)` | \($0.kind.word) | \($0.help) |" })
    }

    @Test("alerts and the dashboard ask for metrics that there are", arguments: ["tern-alerts.yaml", "tern-dashboard.json"])
    func asked(file: String) throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../config/prometheus/\(file)")
        let names = Set(MetricsRegistry.families.map(\.name))
        let asked = try String(contentsOf: url, encoding: .utf8).matches(of: /\b(?:tern|process)_[a-z_]+/).map { String($0.0) }
        #expect(asked.count > 5)
        for name in asked {
            let family = ["_bucket", "_count", "_sum"].first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
            #expect(names.contains(family), "\(name)")
        }
    }

    @Test("the figures of the process are those of this one")
    func process() {
        let figures = ProcessFigures()
        #expect(figures.residentMemory > 1 << 20 && figures.processorTime > 0)
        #expect(figures.openDescriptors > 2 && figures.maximumDescriptors >= figures.openDescriptors)
        #expect(abs(figures.startTime - Double(time(nil))) < 3_600)
        let descriptor = open("/dev/null", O_RDONLY)
        defer { close(descriptor) }
        #expect(ProcessFigures().openDescriptors == figures.openDescriptors + 1)
    }
}

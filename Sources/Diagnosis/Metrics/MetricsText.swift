/// Prometheus' text format, version 0.0.4, as it is written.
struct MetricsText {
    private(set) var text = ""

    mutating func begin(_ family: MetricFamily) {
        text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind.word)\n"
    }

    mutating func add(_ name: String, _ labels: String, _ value: Double) {
        text += "\(name)\(labels) \(MetricsText.number(value))\n"
    }

    mutating func add(_ name: String, _ labels: String, _ histogram: HistogramSeries) {
        let state = histogram.snapshot
        var count: UInt64 = 0
        for (index, below) in state.counts.enumerated() {
            count &+= below
            let bound = index < histogram.bounds.count ? MetricsText.number(histogram.bounds[index]) : "+Inf"
            let separator = labels.isEmpty ? "{" : labels.dropLast() + ","
            text += "\(name)_bucket\(separator)le=\"\(bound)\"} \(count)\n"
        }
        add(name + "_sum", labels, state.sum)
        text += "\(name)_count\(labels) \(count)\n"
    }

    /// Labels in the order of their names; empty where there are none.
    static func labels(_ dimensions: [(String, String)]) -> String {
        guard !dimensions.isEmpty else { return "" }
        return "{" + dimensions.sorted { $0.0 < $1.0 }.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        let isPlain = value.utf8.count <= 128 && !value.utf8.contains { [UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains($0) }
        if isPlain { return value }
        var escaped = ""
        for scalar in value.unicodeScalars.prefix(128) {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            // Of a CRLF the LF is enough; alone it would be no end of a line either.
            case "\r": break
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
}

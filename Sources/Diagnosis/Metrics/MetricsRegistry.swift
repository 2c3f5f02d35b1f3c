public import CoreMetrics
internal import Synchronization

/// The gateway's metrics: takes what its parts count through swift-metrics, and writes it in Prometheus' text format.
///
/// Each metric is in ``MetricsRegistry/families``: whatever else is counted is left out, so that the list is whole. A metric has at most
/// ``maximumSeries`` combinations of labels; further ones are counted together, with `other` for each label.
public final class MetricsRegistry: MetricsFactory {
    /// Combinations of labels that a metric may have.
    public static let maximumSeries = 200

    /// One combination of labels, written as the text format has them: `{method="INVITE"}`, or nothing.
    private typealias Labels = String

    private enum Series {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case histogram(HistogramSeries)
    }

    private let families: [String: MetricFamily]
    private let series: Mutex<[String: [Labels: Series]]>

    /// - Parameter families: What may be counted. Those without labels are there from the beginning, with 0.
    public init(_ families: [MetricFamily] = MetricsRegistry.families) {
        self.families = Dictionary(families.map { ($0.name, $0) }) { first, _ in first }
        series = Mutex([:])
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { counter(label, dimensions) }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { gauge(label, dimensions) }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { histogram(label, dimensions) }

    // Series stay: a counter that is gone and comes back would have begun at 0 again.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func counter(_ name: String, _ dimensions: [(String, String)]) -> CounterSeries {
        if case .counter(let series)? = find(name, dimensions) { return series }
        return CounterSeries()
    }

    private func gauge(_ name: String, _ dimensions: [(String, String)]) -> GaugeSeries {
        if case .gauge(let series)? = find(name, dimensions) { return series }
        return GaugeSeries()
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramSeries {
        if case .histogram(let series)? = find(name, dimensions) { return series }
        return HistogramSeries(bounds: [])
    }

    /// The series with these labels, made where it is not there; nil where there is no such metric.
    private func find(_ name: String, _ dimensions: [(String, String)]) -> Series? {
        guard let family = families[name] else { return nil }
        let labels = MetricsText.labels(dimensions)
        return series.withLock { all in
            if let known = all[name]?[labels] { return known }
            var key = labels
            if (all[name]?.count ?? 0) >= MetricsRegistry.maximumSeries {
                key = MetricsText.labels(dimensions.map { ($0.0, "other") })
                if let known = all[name]?[key] { return known }
            }
            let new = MetricsRegistry.series(of: family.kind)
            all[name, default: [:]][key] = new
            return new
        }
    }

    private static func series(of kind: MetricFamily.Kind) -> Series {
        switch kind {
        case .counter: .counter(CounterSeries())
        case .gauge: .gauge(GaugeSeries())
        case .histogram(let bounds): .histogram(HistogramSeries(bounds: bounds))
        }
    }

    // MARK: What a scrape gets

    /// Sets a counter that is kept elsewhere, as by the kernel.
    public func setCounter(_ name: String, _ value: Double, _ dimensions: [(String, String)] = []) { counter(name, dimensions).set(value) }

    /// All metrics in the text format, version 0.0.4. `# HELP` and `# TYPE` stand also where nothing was counted yet.
    public var text: String {
        let all = series.withLock { $0 }
        var text = MetricsText()
        for family in families.values.sorted(by: { $0.name < $1.name }) {
            text.begin(family)
            for (labels, series) in (all[family.name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                switch series {
                case .counter(let counter): text.add(family.name, labels, counter.value)
                case .gauge(let gauge): text.add(family.name, labels, gauge.value)
                case .histogram(let histogram): text.add(family.name, labels, histogram)
                }
            }
        }
        return text.text
    }
}

/// A metric: its name, what it counts, and of which kind it is.
public struct MetricFamily: Sendable {
    /// How the values of a metric come about.
    public enum Kind: Sendable {
        /// Only ever grows.
        case counter
        /// A value of the moment.
        case gauge
        /// Observations, counted by upper bounds in ascending order; the bound "infinite" is added.
        case histogram([Double])

        /// The word of the text format.
        var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// The name with its unit, and `_total` for counters, by Prometheus' conventions.
    public let name: String
    public let help: String
    public let kind: Kind

    public init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }
}

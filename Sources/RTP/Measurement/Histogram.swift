/// How often values were how large, in steps of half a unit up to 256 units; larger ones share the last step.
struct Histogram: Equatable, Sendable {
    private static let steps = 512
    private var counts = InlineArray<512, UInt32>(repeating: 0)
    private var total: UInt64 = 0
    private var sum = 0.0
    private(set) var largest = 0.0

    init() {}

    static func == (left: Histogram, right: Histogram) -> Bool {
        left.total == right.total && left.sum == right.sum && left.largest == right.largest
    }

    /// - Parameter value: Not below 0.
    mutating func add(_ value: Double) {
        let index = Int(min(max(value * 2, 0), Double(Histogram.steps - 1)))
        counts[index] = counts[index] &+ 1
        total = total &+ 1
        sum += value
        largest = max(largest, value)
    }

    var mean: Double? { total == 0 ? nil : sum / Double(total) }

    /// The value that this share of all values does not exceed, to half a unit; never more than the largest one.
    func quantile(_ share: Double) -> Double? {
        guard total > 0 else { return nil }
        let rank = Double(total) * min(max(share, 0), 1)
        var seen: UInt64 = 0
        for index in 0..<Histogram.steps - 1 {
            seen = seen &+ UInt64(counts[index])
            if Double(seen) >= rank { return min(Double(index + 1) / 2, largest) }
        }
        return largest
    }
}

import CAllocations

/// What one run of something costs.
struct Measurement {
    /// Of the fastest and of the middle of the batches.
    var best: Duration
    var median: Duration
    var allocations: Double
    var bytes: Double

    /// Runs `body` in batches of about a millisecond, for `total`.
    init(for total: Duration = .milliseconds(400), _ body: () -> Void) {
        let clock = ContinuousClock()
        body()
        let once = clock.measure(body)
        let batch = max(1, Int(Duration.milliseconds(1) / once))
        var times: [Duration] = []
        let start = clock.now
        while clock.now - start < total || times.count < 5 {
            times.append(clock.measure { for _ in 0 ..< batch { body() } } / batch)
        }
        times.sort()
        best = times.first ?? .zero
        median = times[times.count / 2]
        let before = allocations_now()
        for _ in 0 ..< batch { body() }
        let after = allocations_now()
        allocations = Double(after.calls - before.calls) / Double(batch)
        bytes = Double(after.bytes - before.bytes) / Double(batch)
    }

    func line(_ name: String, size: Int) -> String {
        let perByte = size > 0 ? median / Duration.nanoseconds(1) / Double(size) : 0
        let columns = [
            Self.number(median / .microseconds(1), 9, 1), Self.number(best / .microseconds(1), 9, 1), Self.number(allocations, 9, 0),
            Self.number(bytes / 1024, 9, 1), Self.number(perByte, 9, 1),
        ]
        return name.padded(to: 44) + "\(size)".leftPadded(to: 8) + columns.joined()
    }

    static let header = "".padded(to: 44) + ["bytes", "µs", "best µs", "mallocs", "KiB", "ns/byte"].enumerated()
        .map { $1.leftPadded(to: $0 == 0 ? 8 : 9) }.joined()

    private static func number(_ value: Double, _ width: Int, _ digits: Int) -> String {
        let scaled = (digits == 1 ? value * 10 : value) + 0.5
        let text = digits == 1 ? "\(Int(scaled) / 10).\(Int(scaled) % 10)" : "\(Int(scaled))"
        return text.leftPadded(to: width)
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }
}

/// How much faster a sender's clock runs than ours: a line through the least delay of each second, which jitter does not touch.
struct ClockSkew: Equatable, Sendable {
    /// Seconds that are needed to say anything.
    static let leastSeconds = 8
    /// An estimate whose standard error is larger says nothing. Parts per million.
    static let largestError = 50.0

    /// The second that runs: since its beginning, and its least delay with the moment of it. Microseconds.
    private var second: Int64 = -1
    private var least: (time: Int64, delay: Int64) = (0, 0)
    // Sums over the seconds that are over, in seconds; sums of products about zero, as delays are small and times are few.
    private var count = 0.0, time = 0.0, delay = 0.0, timeSquares = 0.0, products = 0.0, delaySquares = 0.0

    init() {}

    static func == (left: ClockSkew, right: ClockSkew) -> Bool {
        left.second == right.second && left.least == right.least && left.count == right.count && left.products == right.products
    }

    /// Takes a packet.
    ///
    /// - Parameters:
    ///   - time: Since the stream began, in microseconds.
    ///   - delay: By how much it came later than the first packet, as its timestamp tells. Microseconds.
    mutating func add(time: Int64, delay: Int64) {
        let current = time / 1_000_000
        if current != second {
            close()
            second = current
            least = (time, delay)
        } else if delay < least.delay {
            least = (time, delay)
        }
    }

    private mutating func close() {
        guard second >= 0 else { return }
        let x = Double(least.time) / 1e6, y = Double(least.delay) / 1e6
        count += 1
        time += x
        delay += y
        timeSquares += x * x
        products += x * y
        delaySquares += y * y
    }

    /// Seconds that it is made of.
    var seconds: Int { Int(count) }

    /// Parts per million, above 0 where the sender's clock is the faster one, with its standard error; nil while that is too large.
    var estimate: (skew: Double, error: Double)? {
        guard count >= Double(ClockSkew.leastSeconds) else { return nil }
        let width = timeSquares - time * time / count
        guard width > 0 else { return nil }
        let common = products - time * delay / count
        let slope = common / width
        let rest = max(0, delaySquares - delay * delay / count - slope * common)
        let error = (rest / (count - 2) / width).squareRoot() * 1e6
        guard error <= ClockSkew.largestError else { return nil }
        return (-slope * 1e6, error)
    }
}

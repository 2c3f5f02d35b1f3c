/// Which refused origins are worth a line of the log: each of them once a minute, as a page goes on trying.
struct RefusedOrigins {
    /// More within a minute are not told apart.
    static let most = 100
    private static let interval = Duration.seconds(60)

    private var told: [String: (at: ContinuousClock.Instant, since: Int)] = [:]

    /// Counts an attempt.
    ///
    /// - Returns: The attempts since the last line, this one included; nil where there is to be no line.
    mutating func note(_ origin: String, now: ContinuousClock.Instant) -> Int? {
        if let known = told[origin], now - known.at < RefusedOrigins.interval {
            told[origin]?.since += 1
            return nil
        }
        let attempts = (told[origin]?.since ?? 0) + 1
        if told[origin] == nil, told.count >= RefusedOrigins.most {
            told = told.filter { now - $0.value.at < RefusedOrigins.interval }
            guard told.count < RefusedOrigins.most else { return nil }
        }
        told[origin] = (now, 0)
        return attempts
    }
}

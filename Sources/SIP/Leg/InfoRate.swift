/// How many INFOs of a peer are taken: enough for the quickest fingers.
struct InfoRate {
    /// In a second.
    static let most = 30

    private var begin: ContinuousClock.Instant?
    private var count = 0

    /// Whether one more may come.
    mutating func admits(_ now: ContinuousClock.Instant) -> Bool {
        if let begin, now - begin < .seconds(1) {
            count += 1
        } else {
            begin = now
            count = 1
        }
        return count <= InfoRate.most
    }
}

/// Puts the packets of one stream on the time line of a recording. All times are in ticks of the stream's RTP clock.
///
/// RTP timestamps say exactly how packets follow each other, but may stand still during a hold, jump, or run at another speed than
/// our clock; the times of arrival are right on the whole, and jitter. So timestamps decide as long as they agree with the arrivals
/// within a tolerance, which is smaller for what comes early: nothing arrives before it was sent. Where they do not, the earliest arrival of what follows within a second decides whether the stream has moved,
/// or some packets were only late.
struct StreamClock {
    private let tolerance: Int64
    private let earliness: Int64
    /// What is added to an extended timestamp.
    private var base: Int64?
    private var last: (timestamp: UInt32, extended: Int64)?

    /// - Parameters:
    ///   - tolerance: In ticks.
    ///   - earliness: That for what comes early.
    init(tolerance: Int64, earliness: Int64) {
        self.tolerance = tolerance
        self.earliness = earliness
    }

    private func agrees(_ difference: Int64) -> Bool { (-earliness...tolerance).contains(difference) }

    /// The timestamp without its wrap; to be asked in the order of arrival.
    mutating func extend(_ timestamp: UInt32) -> Int64 {
        let extended = last.map { $0.extended + Int64(Int32(bitPattern: timestamp &- $0.timestamp)) } ?? 0
        last = (timestamp, extended)
        return extended
    }

    /// Where a packet belongs whose timestamp agrees with its arrival; nil where ``settle(extended:earliest:)`` has to decide.
    func position(extended: Int64, arrival: Int64) -> Int64? {
        guard let base, agrees(arrival - extended - base) else { return nil }
        return extended + base
    }

    /// Where the others belong.
    ///
    /// - Parameter earliest: The least difference of arrival and extended timestamp of this packet and those behind it.
    mutating func settle(extended: Int64, earliest: Int64) -> Int64 {
        if let base, agrees(earliest - base) { return extended + base }
        base = earliest
        return extended + earliest
    }
}

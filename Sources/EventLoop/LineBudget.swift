/// How many lines of a log may be written: what somebody can bring about as often as he likes must not fill a disk.
public struct LineBudget: Sendable {
    /// Lines in one second.
    private let limit: Int
    private var second: ContinuousClock.Instant?
    private var written = 0
    private var omitted = 0

    public init(perSecond limit: Int) {
        self.limit = limit
    }

    /// Whether one more line may be written, and how many were left out since the last one that was.
    public mutating func admit(at now: ContinuousClock.Instant = .now) -> (isAdmitted: Bool, omitted: Int) {
        if second.map({ now - $0 >= .seconds(1) }) ?? true { (second, written) = (now, 0) }
        guard written < limit else {
            omitted += 1
            return (false, 0)
        }
        written += 1
        defer { omitted = 0 }
        return (true, omitted)
    }
}

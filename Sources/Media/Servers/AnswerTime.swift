/// How long a media server takes to answer, by one question at a time.
///
/// A slow answer counts in full at once. Faster ones after it take half of it away each, so that a server that stood still gets new sessions when it has been prompt
/// for a while.
public struct AnswerTime: Sendable {
    private var mean = Duration.zero
    private var asked: ContinuousClock.Instant?

    public init() {}

    /// Whether a question waits for its answer.
    public var isWaiting: Bool { asked != nil }

    public mutating func ask(at now: ContinuousClock.Instant) { asked = now }

    /// The question was answered, or is given up.
    public mutating func settle(at now: ContinuousClock.Instant) {
        guard let asked else { return }
        self.asked = nil
        let time = asked.duration(to: now)
        mean = max(time, (mean + time) / 2)
    }

    /// The connection is another one: what was known is of a server that is gone.
    public mutating func reset() { self = AnswerTime() }

    /// The answer time as it is known at that moment: a question that still waits counts with the time that it has waited.
    public func value(at now: ContinuousClock.Instant) -> Duration { max(mean, asked.map { $0.duration(to: now) } ?? .zero) }
}

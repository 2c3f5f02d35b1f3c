/// What a supervised Janus is doing.
public enum JanusProcessState: Sendable, Equatable {
    case stopped
    /// It was started, or is about to be, and does not answer yet.
    case starting
    /// It answers; the URLs are valid.
    case running(pid: Int32)
    /// It failed, and is started again at that time.
    case backingOff(until: ContinuousClock.Instant, reason: JanusProcessError)
    /// It was told to end and has not yet.
    case stopping
}

public import EventLoop

/// Starts a Janus once, to learn whether Tern can use it.
@LoopActor
public enum JanusTrial {
    /// Starts the Janus in `configuration.directory`, and ends it as soon as it answers or fails.
    ///
    /// It takes as long as the start of Janus, as a rule a tenth of a second, and `configuration.startLimit` at most.
    /// - Returns: Why it cannot be used; `nil` when it can.
    public static func run(_ configuration: JanusProcessConfiguration) async -> JanusProcessError? {
        let outcome = FirstOutcome<JanusProcessError?>()
        let process = JanusProcess(configuration: configuration) { state in
            switch state {
            case .running: outcome.settle(nil)
            case .backingOff(_, let reason): outcome.settle(reason)
            case .starting, .stopping, .stopped: break
            }
        }
        process.start()
        let reason = await outcome.value
        await process.stop()
        return reason
    }
}

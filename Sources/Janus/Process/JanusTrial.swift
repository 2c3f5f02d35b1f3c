public import EventLoop

/// Starts a Janus once, to learn whether Tern can use it.
@LoopActor
public enum JanusTrial {
    /// Starts the Janus in `configuration.directory`, and ends it as soon as it answers or fails.
    ///
    /// It takes as long as the start of Janus, as a rule a tenth of a second, and `configuration.startLimit` at most.
    /// - Returns: Why it cannot be used; `nil` when it can.
    public static func run(_ configuration: JanusProcessConfiguration) async -> JanusProcessError? {
        let outcome = Outcome()
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

    /// The first thing that is known, which may be known before anybody waits for it.
    @LoopActor
    private final class Outcome {
        private var known: JanusProcessError??
        private var waiting: CheckedContinuation<JanusProcessError?, Never>?

        func settle(_ reason: JanusProcessError?) {
            guard known == nil else { return }
            known = .some(reason)
            waiting?.resume(returning: reason)
            waiting = nil
        }

        var value: JanusProcessError? {
            get async {
                await withCheckedContinuation { continuation in
                    if let known { continuation.resume(returning: known) } else { waiting = continuation }
                }
            }
        }
    }
}

internal import BrowserAPI
internal import Calls
internal import Configuration
public import EventLoop
internal import Logging

extension Gateway {
    /// How often it is looked whether the last call has ended.
    private static let drainInterval = Duration.milliseconds(100)

    /// Takes no new calls, and returns when those that there are have ended, sessions of the browser API among them, or when `calls.drain`
    /// has passed. ``stop()`` has to follow.
    public func drain() async {
        takeNoMoreCalls()
        let end = ContinuousClock.now + configuration.calls.drain
        guard isBusy else { return }
        log.notice("no new calls are taken: the gateway ends when its calls have ended", metadata: [
            "calls": "\(switchboard.callCount)", "sessions": "\(sessions.count)", "limit": "\(configuration.calls.drain)",
        ])
        while isBusy {
            guard ContinuousClock.now < end else {
                return log.warning("calls are hung up: they have not ended in calls.drain", metadata: ["calls": "\(switchboard.callCount)"])
            }
            await LoopTimer.sleep(for: Gateway.drainInterval)
        }
    }

    private var isBusy: Bool { switchboard.callCount > 0 || sessions.count > 0 }
}

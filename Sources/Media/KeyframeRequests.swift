internal import EventLoop
internal import ProxyCore

/// Paces the keyframe requests to each side: of requests within ``interval`` the first is sent at once, the others as one at its end.
@LoopActor
final class KeyframeRequests {
    /// Least time between two.
    static let interval = Duration.milliseconds(300)

    private var last: [SessionSide: ContinuousClock.Instant] = [:]
    private var later: [SessionSide: LoopTimer] = [:]

    /// Runs `ask` now, or when the time has come.
    func request(of side: SessionSide, _ ask: @escaping @LoopActor () -> Void) {
        guard later[side] == nil else { return }
        let now = ContinuousClock.now
        if let last = last[side], now - last < KeyframeRequests.interval {
            later[side] = LoopTimer.schedule(after: KeyframeRequests.interval - (now - last)) { [weak self] in
                self?.later[side] = nil
                self?.request(of: side, ask)
            }
            return
        }
        last[side] = now
        ask()
    }

    /// No request is sent any more.
    func end() {
        for timer in later.values { timer.cancel() }
        later = [:]
    }
}

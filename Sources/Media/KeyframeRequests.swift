internal import EventLoop
internal import ProxyCore

/// The keyframe requests of one session to its sides.
///
/// They are paced: of requests to a side within ``interval`` the first is sent at once, the others as one at its end.
@LoopActor
final class KeyframeRequests {
    /// Least time between two.
    static let interval = Duration.milliseconds(300)
    /// After media has begun. Browsers pass over a PLI that follows another within 300 ms, and one may be lost.
    private static let secondDelay = Duration.milliseconds(500)

    /// Sends one. `isRepeated`: it follows another, for browsers only.
    var send: (@LoopActor (_ side: SessionSide, _ isRepeated: Bool) -> Void)?
    private var last: [SessionSide: ContinuousClock.Instant] = [:]
    private var later: [SessionSide: LoopTimer] = [:]
    private var second: LoopTimer?

    /// Sends one now, or when the time has come.
    func request(of side: SessionSide) {
        guard later[side] == nil else { return }
        let now = ContinuousClock.now
        if let last = last[side], now - last < KeyframeRequests.interval {
            later[side] = LoopTimer.schedule(after: KeyframeRequests.interval - (now - last)) { [weak self] in
                self?.later[side] = nil
                self?.request(of: side)
            }
            return
        }
        last[side] = now
        send?(side, false)
    }

    /// Media begins, or begins again: both sides are asked, and browsers once more.
    func mediaBegins() {
        for side in SessionSide.allCases { request(of: side) }
        second?.cancel()
        second = LoopTimer.schedule(after: KeyframeRequests.secondDelay) { [weak self] in
            for side in SessionSide.allCases { self?.send?(side, true) }
        }
    }

    /// No request is sent any more.
    func end() {
        send = nil
        second?.cancel()
        for timer in later.values { timer.cancel() }
        later = [:]
    }
}

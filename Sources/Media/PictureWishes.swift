internal import EventLoop
internal import ProxyCore

/// Paces the wishes for a full picture of each side: of those that come close to one another the first is done at once, and the rest are one.
@LoopActor
final class PictureWishes {
    /// Least time between two.
    static let interval = Duration.milliseconds(300)

    private var last: [SessionSide: ContinuousClock.Instant] = [:]
    private var later: [SessionSide: LoopTimer] = [:]

    /// Runs `ask` now, or when the time has come.
    func wish(for side: SessionSide, _ ask: @escaping @LoopActor () -> Void) {
        guard later[side] == nil else { return }
        let now = ContinuousClock.now
        if let last = last[side], now - last < PictureWishes.interval {
            later[side] = LoopTimer.schedule(after: PictureWishes.interval - (now - last)) { [weak self] in
                self?.later[side] = nil
                self?.wish(for: side, ask)
            }
            return
        }
        last[side] = now
        ask()
    }

    /// Nothing is asked any more.
    func end() {
        for timer in later.values { timer.cancel() }
        later = [:]
    }
}

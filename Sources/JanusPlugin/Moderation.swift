internal import Glibc
internal import RTP

extension TurnModeration {
    /// `TERN_MODERATION=off` in the environment of Janus ends all moderation, for the benchmark to compare with.
    private static let isOff = getenv("TERN_MODERATION").map { String(cString: $0) == "off" } ?? false

    /// Begins a turn of the calling thread: waits before, if the thread is busy.
    mutating func beginTurn() {
        guard !TurnModeration.isOff else { return }
        let delay = delay(now: Clock.now())
        guard delay > 0 else { return }
        var time = timespec(tv_sec: 0, tv_nsec: Int(delay) &* 1_000)
        nanosleep(&time, nil)
    }
}

public import EventLoop

/// Checks from time to time whether the phones of all sessions still send media, and ends the sessions of those that do not.
@LoopActor
public final class MediaWatch {
    /// Checks within the time that a phone may be silent: its end is noticed late by a sixth of it at most.
    private static let checks = 6
    /// Sessions that Janus is asked about at once.
    private static let batch = 16

    private let limit: Duration
    private let sessions: SessionRegistry
    private var timer: LoopTimer?
    private var isChecking = false

    /// - Parameter limit: How long a phone may be silent.
    public init(limit: Duration, sessions: SessionRegistry) {
        self.limit = limit
        self.sessions = sessions
    }

    public func start() {
        let interval = limit / MediaWatch.checks
        timer = LoopTimer.schedule(after: interval, every: interval) { [weak self] in
            LoopActor.task { [self] in await self?.check() }
        }
    }

    public func stop() {
        timer?.cancel()
        timer = nil
    }

    private func check() async {
        guard !isChecking else { return }
        isChecking = true
        defer { isChecking = false }
        var rest = sessions.entries.values.flatMap(\.branches)[...]
        while !rest.isEmpty, timer != nil {
            let limit = limit
            let batch = rest.prefix(MediaWatch.batch).map { session in LoopActor.task { await session.endIfMediaIsMissing(for: limit) } }
            rest = rest.dropFirst(MediaWatch.batch)
            for session in batch { await session.value }
        }
    }
}

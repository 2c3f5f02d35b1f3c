internal import EventLoop

/// Asks a Janus again and again whether it is there: soon after its start, to learn when it is ready, and now and then later.
@LoopActor
final class JanusHealth {
    enum Finding { case ready, silent(String) }

    /// Between the questions while it starts.
    private static let startInterval = Duration.milliseconds(25)
    /// Unanswered questions in a row that make it silent.
    private static let patience = 3

    private let url: String
    private let startLimit: Duration
    private let interval: Duration
    private let onFinding: @LoopActor (Finding) -> Void
    private let clock = ContinuousClock()
    private let started: ContinuousClock.Instant
    private var isReady = false
    private var isStopped = false
    private var misses = 0
    private var channel: JanusChannel?
    private var timer: LoopTimer?

    init(url: String, startLimit: Duration, interval: Duration, onFinding: @escaping @LoopActor (Finding) -> Void) {
        self.url = url
        self.startLimit = startLimit
        self.interval = interval
        self.onFinding = onFinding
        started = clock.now
        connect(after: JanusHealth.startInterval)
    }

    /// Ends the questions; returns when the connection is closed.
    func stop() async {
        isStopped = true
        timer?.cancel()
        let channel = channel
        channel?.close("stopped")
        await channel?.finish()
    }

    private func connect(after wait: Duration) {
        timer = LoopTimer.schedule(after: wait) { [weak self] in
            guard let self, !isStopped else { return }
            let channel = JanusChannel(
                url: url, timeout: min(interval, startLimit),
                onOpen: { [weak self] _ in self?.ask(after: .zero) },
                onMessage: { _ in },
                onClosed: { [weak self] _, reason in self?.closed(reason) })
            self.channel = channel
            channel.connect()
        }
    }

    private func ask(after wait: Duration) {
        guard !isStopped else { return }
        timer = LoopTimer.schedule(after: wait) { [weak self] in
            LoopActor.task { [self] in await self?.ping() }
        }
    }

    private func ping() async {
        guard let channel, !isStopped else { return }
        do throws(JanusError) {
            _ = try await channel.request(["janus": "ping"], until: .success)
            misses = 0
            if !isReady, !isStopped {
                isReady = true
                onFinding(.ready)
            }
            ask(after: interval)
        } catch .timeout {
            missed("no answer")
            if !isStopped { ask(after: .zero) }
        } catch {
            channel.close(error.description)
        }
    }

    private func closed(_ reason: String) {
        channel = nil
        missed(reason)
        if !isStopped { connect(after: isReady ? interval : JanusHealth.startInterval) }
    }

    private func missed(_ reason: String) {
        guard !isStopped else { return }
        misses += 1
        let given = isReady ? misses >= JanusHealth.patience : clock.now - started >= startLimit
        guard given else { return }
        isStopped = true
        timer?.cancel()
        onFinding(.silent(isReady ? "it ceased to answer: \(reason)" : "it did not answer within \(startLimit): \(reason)"))
    }
}

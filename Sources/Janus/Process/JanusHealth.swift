internal import EventLoop

/// Asks Tern's plugin in a Janus again and again whether it answers: soon after its start, to learn when it is ready, and now and then later.
@LoopActor
final class JanusHealth {
    enum Finding {
        case ready, silent(String)
        /// Tern's plugin is missing, or another one than this gateway's.
        case unusable(String)
    }

    /// Between the attempts to connect while it starts.
    private static let startInterval = Duration.milliseconds(25)
    /// Failed checks in a row that make Janus silent. One may be this process' own fault, after a pause of the machine.
    private static let patience = 2

    private let url: String
    private let secret: String
    private let startLimit: Duration
    private let interval: Duration
    private let onFinding: @LoopActor (Finding) -> Void
    private let clock = ContinuousClock()
    private let started: ContinuousClock.Instant
    private var isReady = false
    private var isStopped = false
    /// Failed checks in a row. An answer that comes too late shows a plugin that is busy, and ends the row: what it does for calls is worth
    /// more than a restart.
    private var misses = 0
    private var channel: JanusChannel?
    private var probe: PluginProbe?
    private var timer: LoopTimer?

    /// - Parameters:
    ///   - secret: What Janus demands in each request.
    ///   - interval: From a successful check to the next one, and how long the plugin may take to answer.
    init(
        url: String, secret: String, startLimit: Duration, interval: Duration, onFinding: @escaping @LoopActor (Finding) -> Void
    ) {
        self.url = url
        self.secret = secret
        self.startLimit = startLimit
        self.interval = interval
        self.onFinding = onFinding
        started = clock.now
        connect(after: JanusHealth.startInterval)
    }

    /// Ends the checks; returns when the connection is closed, and with it the handle in Janus.
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
                onOpen: { [weak self] _ in self?.check(after: .zero) },
                onMessage: { [weak self] in self?.heardLate($0) },
                onClosed: { [weak self] _, reason in self?.closed(reason) })
            self.channel = channel
            channel.connect()
        }
    }

    private func check(after wait: Duration) {
        guard !isStopped else { return }
        timer = LoopTimer.schedule(after: wait) { [weak self] in
            LoopActor.task { [self] in await self?.check() }
        }
    }

    private func check() async {
        guard let channel, !isStopped else { return }
        do throws(JanusError) {
            guard try await openProbe(channel).answers() else {
                missed("\(EnginePlugin.name) did not answer within \(min(interval, startLimit))")
                return check(after: .zero)
            }
            misses = 0
            if !isReady, !isStopped {
                isReady = true
                onFinding(.ready)
            }
            check(after: interval)
        } catch .unusable(let reason) {
            guard !isStopped else { return }
            isStopped = true
            onFinding(.unusable(reason))
        } catch {
            channel.close(error.description)
        }
    }

    private func openProbe(_ channel: JanusChannel) async throws(JanusError) -> PluginProbe {
        if let probe { return probe }
        let probe = try await PluginProbe(channel, secret: secret)
        self.probe = probe
        return probe
    }

    private func heardLate(_ message: JanusMessage) {
        if case .plugin = message.kind, let probe, message.sender == probe.handle { misses = 0 }
    }

    private func closed(_ reason: String) {
        timer?.cancel()
        channel = nil
        probe = nil
        missed(reason)
        if !isStopped { connect(after: isReady ? interval : JanusHealth.startInterval) }
    }

    private func missed(_ reason: String) {
        guard !isStopped else { return }
        misses += 1
        let isOver = isReady ? misses >= JanusHealth.patience : clock.now - started >= startLimit
        guard isOver else { return }
        isStopped = true
        timer?.cancel()
        onFinding(.silent(isReady ? "it ceased to answer: \(reason)" : "it did not answer within \(startLimit): \(reason)"))
    }
}

internal import EventLoop
internal import Janus

/// Waits for a description that does not come with the reply to what was asked for, but as an event of another handle.
@LoopActor
final class Handover {
    private var waiting: CheckedContinuation<String?, Never>?
    /// It came before anybody waited.
    private var early: String?
    private var isCancelled = false

    /// Does `request`, and waits for the description that it brings about.
    func wait(
        for limit: Duration, after request: @LoopActor () async throws(JanusError) -> Void
    ) async throws(JanusError) -> String {
        early = nil
        try await request()
        if let early {
            self.early = nil
            return early
        }
        guard !isCancelled else { throw .cancelled }
        let timer = LoopTimer.schedule(after: limit) { [weak self] in self?.resume(nil) }
        let text = await withCheckedContinuation { waiting = $0 }
        timer.cancel()
        guard let text else { throw isCancelled ? .cancelled : .timeout }
        return text
    }

    func deliver(_ text: String) {
        if waiting == nil { early = text } else { resume(text) }
    }

    /// Whoever waits does so no more.
    func cancel() {
        isCancelled = true
        resume(nil)
    }

    private func resume(_ text: String?) {
        waiting?.resume(returning: text)
        waiting = nil
    }
}

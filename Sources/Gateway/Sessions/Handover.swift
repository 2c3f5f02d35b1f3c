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
        let timer = LoopTimer.schedule(after: limit) { [weak self] in self?.resume(nil) }
        // Looked at in the continuation, not before: an await may let what is waited for happen first.
        let text = await withCheckedContinuation { continuation in
            waiting = continuation
            if isCancelled { resume(nil) } else if let early { resume(early) }
        }
        timer.cancel()
        early = nil
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

internal import EventLoop
internal import Logging

/// Asks name servers, from the loop and without ever holding it up: c-ares runs on a thread of its own.
///
/// A question is asked once, however many want the answer. Every wait ends with its limit, whatever the name servers do.
@LoopActor
final class DNSClient {
    private let configuration: ResolverConfiguration
    private let thread: ResolverThread
    private var cache = DNSCache()
    /// Who waits for which question. A question stays here until its answer has come, even when nobody waits any more.
    private var flights: [DNSQuestion: Set<UInt64>] = [:]
    private var waiters: [UInt64: Waiter] = [:]
    private var lastWaiter: UInt64 = 0
    /// Questions that wait until c-ares has fewer of them.
    private var backlog: [DNSQuestion] = []
    private var asked = 0
    private var isStopped = false
    private let now: () -> ContinuousClock.Instant

    private struct Waiter {
        let question: DNSQuestion
        let continuation: CheckedContinuation<DNSResult, Never>
        let timer: LoopTimer
        /// What serves when there is nothing better.
        let stale: DNSAnswer?
    }

    /// - Parameter now: The time for the cache.
    init(_ configuration: ResolverConfiguration, now: @escaping () -> ContinuousClock.Instant = { .now }) {
        self.configuration = configuration
        self.now = now
        let relay = Relay()
        thread = ResolverThread(configuration) { results in
            LoopActor.task { relay.client?.received(results) }
        }
        relay.client = self
    }

    /// The thread outlives whoever lets go of the client without stopping it by a moment only.
    deinit { thread.stop {} }

    @LoopActor
    private final class Relay {
        weak var client: DNSClient?
        nonisolated init() {}
    }

    /// The records of a name, from the cache or a name server.
    ///
    /// - Parameter limit: Time after which it fails with ``ResolverError/timedOut``. An answer that has expired serves before that.
    func answer(to question: DNSQuestion, within limit: Duration) async -> DNSResult {
        guard !isStopped else { return .failure(.stopped) }
        var stale: DNSAnswer?
        switch cache.find(question, at: now()) {
        case .result(let result):
            return result
        case .stale(let answer, let isFailing):
            if isFailing {
                _ = ask(question)
                return .success(answer)
            }
            stale = answer
        case .nothing:
            break
        }
        return await wait(for: question, within: stale == nil ? limit : min(limit, configuration.staleDelay), stale: stale)
    }

    /// Ends the thread, and every wait with ``ResolverError/stopped``.
    func stop() async {
        isStopped = true
        for id in Array(waiters.keys) { finish(id, .failure(.stopped)) }
        flights = [:]
        backlog = []
        await withCheckedContinuation { ended in thread.stop { ended.resume() } }
    }

    // MARK: Questions

    /// - Returns: False when there are too many.
    private func ask(_ question: DNSQuestion) -> Bool {
        guard flights[question] == nil else { return true }
        guard flights.count < configuration.maximumQuestions else { return false }
        flights[question] = []
        backlog.append(question)
        askMore()
        return true
    }

    private func askMore() {
        let count = min(backlog.count, configuration.maximumQueries - asked)
        guard count > 0 else { return }
        asked += count
        thread.ask(Array(backlog.prefix(count)))
        backlog.removeFirst(count)
    }

    private func received(_ results: [ResolverThread.Answered]) {
        guard !isStopped else { return }
        for (question, result) in results {
            asked -= 1
            if case .failure(let error) = result {
                log.debug("a DNS question failed", metadata: ["question": "\(question)", "reason": "\(error)"])
            }
            cache.store(result, for: question, at: now())
            for id in flights.removeValue(forKey: question) ?? [] { finish(id, result) }
        }
        askMore()
    }

    // MARK: Waiting

    private func wait(for question: DNSQuestion, within limit: Duration, stale: DNSAnswer?) async -> DNSResult {
        lastWaiter &+= 1
        let id = lastWaiter
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let timer = LoopTimer.schedule(after: limit) { [weak self] in self?.finish(id, .failure(.timedOut)) }
                waiters[id] = Waiter(question: question, continuation: continuation, timer: timer, stale: stale)
                // Looked at here, even if a second time, because this function may have been suspended on its way.
                if case .result(let result) = cache.find(question, at: now()) { return finish(id, result) }
                if isStopped { return finish(id, .failure(.stopped)) }
                if Task.isCancelled { return finish(id, .failure(.cancelled)) }
                guard waiters.count <= configuration.maximumWaiters, ask(question) else { return finish(id, .failure(.overloaded)) }
                flights[question]?.insert(id)
            }
        } onCancel: {
            LoopActor.task { [weak self] in self?.finish(id, .failure(.cancelled)) }
        }
    }

    private func finish(_ id: UInt64, _ result: DNSResult) {
        guard let waiter = waiters.removeValue(forKey: id) else { return }
        waiter.timer.cancel()
        flights[waiter.question]?.remove(id)
        if case .failure(let error) = result, error.isTemporary, let stale = waiter.stale {
            waiter.continuation.resume(returning: .success(stale))
        } else {
            waiter.continuation.resume(returning: result)
        }
    }
}

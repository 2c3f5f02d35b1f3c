internal import Dispatch
internal import EventLoop
internal import Logging

/// Writes what has changed to a store, off the loop and in order, a batch at a time: what changes while one is written goes
/// with the next.
@LoopActor
final class BindingStorage {
    /// Changes are gathered for so long before they are written.
    private static let delay = Duration.milliseconds(10)
    /// How long the start waits for the store.
    private static let patience = Duration.seconds(5)

    /// What is true now; a batch is made of it when it is its turn.
    var contents: (@LoopActor () -> Registrar?)?
    /// Hears what a former process has stored, where ``load()`` could not read it.
    var onLoad: (@LoopActor ([Binding]) -> Void)?
    /// Whether it is known what a former process has stored. Before that nothing is written, which would take its place.
    private(set) var isLoaded = false

    private let store: any BindingStore
    private let log: Logger
    private let queue = DispatchQueue(label: "tern.registrar.storage")
    private var backlog = StoreBacklog()
    private var timer: LoopTimer?
    private var isStopped = false
    /// Those who wait for the backlog to be written.
    private var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    private var lastWaiter = 0

    init(_ store: any BindingStore, log: Logger) {
        self.store = store
        self.log = log
    }

    /// What a former process has stored. Nothing where that cannot be read in time: it is tried again before anything is written.
    func load() async throws(RegistrarError) -> [Binding] {
        let outcome = FirstOutcome<Result<[Binding], RegistrarError>>(), store = store
        let bound = LoopTimer.schedule(after: BindingStorage.patience) { outcome.settle(.failure(.unavailable("the store does not answer"))) }
        LoopActor.task { outcome.settle(await self.onQueue { () throws(RegistrarError) in try store.load() }) }
        let loaded = await outcome.value
        bound.cancel()
        switch loaded {
        case .success(let bindings):
            isLoaded = true
            return bindings
        case .failure(.noDirectory(let path)): throw .noDirectory(path)
        case .failure(let error):
            failed(error)
            return []
        }
    }

    // MARK: Writing

    /// How many bindings wait to be written; nil where all do.
    var waiting: Int? { backlog.count }

    func store(_ changes: [BindingChange]) {
        guard !isStopped else { return }
        backlog.note(changes)
        schedule()
    }

    func writeEverything() {
        backlog.noteEverything()
        schedule()
    }

    /// Writes everything at once, however long the next attempt would have waited.
    func writeEverythingNow() {
        guard !isStopped else { return }
        backlog.noteEverything()
        if !backlog.isWriting { retry(after: BindingStorage.delay) }
    }

    private func schedule() {
        guard timer == nil, !backlog.isWriting, !backlog.isEmpty else { return }
        retry(after: BindingStorage.delay)
    }

    private func retry(after wait: Duration) {
        timer?.cancel()
        timer = LoopTimer.schedule(after: wait) { [weak self] in
            self?.timer = nil
            self?.write()
        }
    }

    private func write() {
        guard contents?() != nil, let work = backlog.take() else { return }
        guard !isLoaded else { return write(work) }
        let store = store
        LoopActor.task {
            switch await self.onQueue({ () throws(RegistrarError) in try store.load() }) {
            case .success(let bindings):
                self.isLoaded = true
                self.onLoad?(bindings)
                self.write(.everything)
            case .failure(let error): self.failed(error)
            }
        }
    }

    private func write(_ work: StoreBacklog.Work) {
        guard let registrar = contents?() else { return finish(false) }
        let batch: StoreBatch
        switch work {
        case .everything: batch = .everything(registrar)
        case .changes(let numbers):
            var changed: [Binding] = []
            var gone: [Int64] = []
            for (id, user) in numbers {
                if let binding = registrar.binding(id, of: user) { changed.append(binding) } else { gone.append(id) }
            }
            batch = .changes(changed, gone: gone)
        }
        let store = store
        LoopActor.task {
            self.written(await self.onQueue { () throws(RegistrarError) in try store.write(batch) })
        }
    }

    private func written(_ result: Result<Void, RegistrarError>) {
        switch result {
        case .success:
            if backlog.succeeded() { log.notice("registrations are stored again") }
            if backlog.isEmpty { finish(true) } else { schedule() }
        case .failure(let error): failed(error)
        }
    }

    /// Says so once, until it works again; a damaged file, which is moved away, each time.
    private func failed(_ error: RegistrarError) {
        let (wait, isFirst) = backlog.failed()
        if case .damaged = error {
            log.error("registrations are stored in a new file", metadata: ["reason": "\(error)"])
        } else if isFirst {
            log.error("registrations cannot be stored, and are kept in memory", metadata: ["reason": "\(error)"])
        }
        finish(false)
        if !isStopped { retry(after: wait) }
    }

    // MARK: Ends

    func flush(limit: Duration) async -> Bool {
        guard !backlog.isEmpty else { return true }
        lastWaiter += 1
        let number = lastWaiter
        let bound = LoopTimer.schedule(after: limit) { [weak self] in
            self?.waiters.removeValue(forKey: number)?.resume(returning: false)
        }
        defer { bound.cancel() }
        return await withCheckedContinuation { continuation in
            waiters[number] = continuation
            timer?.cancel()
            timer = nil
            write()
        }
    }

    func stop() async {
        guard !isStopped else { return }
        isStopped = true
        if await !flush(limit: .seconds(5)) { log.error("not all registrations are stored") }
        timer?.cancel()
        timer = nil
        let store = store
        // A disk that does not answer must not keep the process from its end.
        guard !backlog.isWriting else { return queue.async { store.close() } }
        _ = await onQueue { () throws(RegistrarError) in store.close() }
    }

    private func finish(_ isStored: Bool) {
        let waiting = waiters.values
        waiters = [:]
        for waiter in waiting { waiter.resume(returning: isStored) }
    }

    private func onQueue<Value: Sendable>(
        _ body: @escaping @Sendable () throws(RegistrarError) -> Value
    ) async -> Result<Value, RegistrarError> {
        await withCheckedContinuation { continuation in
            queue.async {
                do throws(RegistrarError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
    }
}
